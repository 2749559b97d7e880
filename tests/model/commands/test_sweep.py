import json

import pytest

from model.__main__ import main
from model.evaluation import sweep as sweep_module
from model.evaluation.sweep import Sweep
from tests.model.command_line import is_one_line, model


def test_a_few_tunes_are_composed_and_counted() -> None:
    ended = model("sweep", "--count", "2", "--json", "--threads", "1")
    assert ended.status == 0, ended.err
    found = json.loads(ended.out)
    assert (found["asked"], found["finished"], found["compliant"], found["faults"]) == (2, 2, 2, {})
    assert "2 of 2 tunes" in ended.err


def test_a_fault_is_printed_and_is_status_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Sweep(prompts=3, finished=2, max_similarity=0.5)
    found.faults["not as asked: key"] = 2
    monkeypatch.setattr(sweep_module, "sweep", lambda *_: found)
    assert main(["sweep", "--count", "3", "--threads", "1"]) == 1
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["asked", "3"] in lines
    assert ["max", "similarity", "0.5"] in lines
    assert lines[-1] == ["2", "x", "not", "as", "asked:", "key"]


def test_bad_input_is_one_line() -> None:
    is_one_line(model("sweep", "--count", "0"), 2, "count is 0")
