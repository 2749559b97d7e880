import argparse
import os
import subprocess
import sys

import pytest

from model.__main__ import main
from model.commands import sweep
from model.errors import CheckpointError, InputError, ModelError, NotationError, SamplingError
from tests.model.command_line import ROOT, is_one_line, model


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InputError("wrong"), 2),
        (NotationError("wrong"), 2),
        (CheckpointError("wrong"), 1),
        (SamplingError("wrong"), 1),
        (ModelError("wrong"), 1),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_expected_error_is_one_line_and_a_status(
    error: Exception, status: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: argparse.Namespace) -> int:
        raise error

    monkeypatch.setattr(sweep, "run", fail)
    assert main(["sweep"]) == status
    assert capsys.readouterr() == ("", "error: wrong\n")


def test_an_interrupt_is_status_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(sweep, "run", interrupt)
    assert main(["sweep"]) == 130


def test_a_reader_that_has_enough_is_no_traceback() -> None:
    command = [sys.executable, "-m", "model", "sample", "--key", "D", "--form", "AB:4", "--threads", "1"]
    read, write = os.pipe()
    os.close(read)
    try:
        ended = subprocess.run(command, cwd=ROOT, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    finally:
        os.close(write)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr


def test_an_unknown_command_is_one_line() -> None:
    is_one_line(model("compose"), 2, "invalid choice: 'compose'", "--help explains")
