import json
import subprocess
from typing import Any

import pytest

from model.evaluation.readers import abcjs
from model.evaluation.readers.abcjs import abcjs_faults, abcjs_folder

WHOLE = "X:1\nT:Tune\nM:C|\nL:1/8\nK:D\n|:EB|BA B2 EBAB|A4 E4|B4 A4|E6:|\n"


@pytest.mark.skipif(abcjs_folder() is None, reason="Node or abcjs is not installed")
def test_warnings_and_uneven_bars_are_faults() -> None:
    faults = abcjs_faults([WHOLE, WHOLE.replace("EBAB|", "EBABc|"), WHOLE.replace("A4 E4", "A4 &&E4")])
    assert faults is not None
    assert faults[0] == ""
    assert "bar 2 as played is 9/8 long" in faults[1]
    assert faults[2]


@pytest.mark.parametrize(
    ("found", "fault"),
    [
        ({"warnings": [], "metre": [4, 4], "bars": [[1, True, False, 0, False], [1, False, True, 0, False]]}, ""),
        (
            {"warnings": [], "metre": [4, 4], "bars": [[1, False, False, 0, False], [0.5, False, False, 0, True]]},
            "bar 2",
        ),
        (
            {"warnings": ["Music Line:3:2: Unknown character:  <b>x</b>"], "metre": [4, 4], "bars": []},
            "Unknown character",
        ),
    ],
)
def test_what_the_script_finds_becomes_a_fault(
    found: dict[str, Any], fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = subprocess.CompletedProcess([], 0, json.dumps([found]).encode())
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    monkeypatch.setattr(abcjs, "abcjs_folder", lambda: "folder")
    (text,) = abcjs_faults([WHOLE]) or ["none"]
    assert text.startswith(fault)
    assert bool(text) == bool(fault)


def test_only_the_tune_at_which_it_breaks_off_has_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
        texts = json.loads(options["input"])
        if "T:Bad" in "".join(texts):
            raise subprocess.TimeoutExpired(command, 1)
        right = {"warnings": [], "metre": [4, 4], "bars": [[1, False, False, 0, True]]}
        return subprocess.CompletedProcess(command, 0, json.dumps([right] * len(texts)).encode())

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(abcjs, "abcjs_folder", lambda: "folder")
    bad = WHOLE.replace("T:Tune", "T:Bad")
    assert abcjs_faults([WHOLE, bad, WHOLE]) == ["", "stopped or took too long", ""]
