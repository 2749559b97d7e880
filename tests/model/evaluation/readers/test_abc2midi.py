import subprocess

import pytest

from model.evaluation.readers.abc2midi import abc2midi_faults

WHOLE = "X:1\nT:Tune\nM:C|\nL:1/8\nK:D\n|:EB|BA B2 EBAB|A4 E4|B4 A4|E6:|\n"


@pytest.fixture(autouse=True)
def _installed() -> None:
    if abc2midi_faults([]) is None:
        pytest.skip("abc2midi is not installed")


def test_a_warning_is_the_fault_of_the_tune_at_whose_line_it_is() -> None:
    long_bar = WHOLE.replace("EBAB|", "EBABc|")
    faults = abc2midi_faults([WHOLE, long_bar, WHOLE, "X:1\nT:None\nM:4/4\nABcd|\n"])
    assert faults is not None
    assert [bool(fault) for fault in faults] == [False, True, False, True]
    assert faults[1].startswith("Warning in line-char")


def test_only_the_tune_at_which_it_breaks_off_has_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    if abc2midi_faults([]) is None:
        pytest.skip("abc2midi is not installed")
    run = subprocess.run

    def breaks(command: list[str], **settings: object) -> object:
        text = (settings["cwd"] / "tunes.abc").read_text()  # type: ignore[operator]
        if "T:Bad" in text:
            raise subprocess.TimeoutExpired(command, 1)
        return run(command, **settings)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "run", breaks)
    bad = WHOLE.replace("T:Tune", "T:Bad")
    faults = abc2midi_faults([WHOLE, WHOLE, bad, WHOLE, WHOLE])
    assert faults == ["", "", "stopped or took too long", "", ""]
