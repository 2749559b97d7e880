import pytest

from model.music.collections import titled


@pytest.mark.parametrize(
    ("printed", "written"),
    [
        ("BELLES OF TIPPERARY -- REEL", "Belles of Tipperary"),
        ("HUGH O'NEILL'S LAMENT", "Hugh O'Neill's Lament"),
        ("TRUE LOVE CAN NE'ER FORGET", "True Love Can Ne'er Forget"),
        ("AS WE GO ABOUT OUR WORK", "As We Go About Our Work"),
        ("THE CASTLE OF DROMORE", "The Castle of Dromore"),
        ("WILL THEY EVER RETURN?", "Will They Ever Return?"),
        ("Bashful Lover., The", "The Bashful Lover"),
        ("Black Mathew.", "Black Mathew"),
        ("There's my thumb &c.", "There's my thumb &c."),
        ("The Boys of Malin", "The Boys of Malin"),
        (".", "."),
    ],
)
def test_titles_are_written_as_people_write_them(printed: str, written: str) -> None:
    assert titled(printed) == written
