import pytest

from model.evaluation.readers.music21 import music21_faults

WHOLE = "X:1\nT:Tune\nM:C|\nL:1/8\nK:D\n|:EB|BA B2 EBAB|A4 E4|B4 A4|E6:|\n"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (WHOLE, ""),
        (WHOLE.replace("EBAB|", "EBABc|"), "bar 3 as played"),
        (WHOLE.replace("E6:|", "E8:|"), "the metre says 1"),
        ("X:1\nM:4/4\nL:1/8\nK:D\nA|\n", "no measures"),
        ("X:1\nM:9999/4\nL:1/8\nK:D\nA8|A8|A8|\n", "a metre of thousands of beats"),
        ("hello", ""),
    ],
    ids=["whole", "long bar", "no room for the pickup", "one bar", "absurd metre", "no tune"],
)
def test_measures_that_do_not_add_up_and_errors_are_faults(text: str, fault: str) -> None:
    (found,) = music21_faults([text])
    assert fault in found
    assert bool(found) == (text != WHOLE)
    assert "\n" not in found
