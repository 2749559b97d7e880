import pytest

from model.errors import InputError
from model.music.form import Form


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("AABB", Form("AABB", 8)),
        ("aaba:4", Form("AABA", 4)),
        (" AB : 16 ", Form("AB", 16)),
        ("AABBCC:8", Form("AABBCC", 8)),
    ],
)
def test_a_form_is_parsed(text: str, form: Form) -> None:
    assert Form.parse(text) == form
    assert Form.parse(str(form)) == form


@pytest.mark.parametrize("text", ["", "ABBA", "AABB:7", "AABB:", ":8", "AABB:8:8", "A" * 500, "AABB:٨٨٨٨", "AABB 8"])
def test_any_other_text_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(InputError, match=r"unknown form .*there are AB, AABB") as refusal:
        Form.parse(text)
    assert len(str(refusal.value)) < 150


def test_parts_that_repeat_at_once_sound_as_one() -> None:
    assert [Form(parts).sounding for parts in Form.FORMS] == [2, 2, 3, 3]
