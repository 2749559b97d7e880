import sys

import pytest

from model.evaluation.progress import Progress


def test_elsewhere_than_on_a_terminal_each_step_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress() as progress:
        progress("reading")
        progress("composing")
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.split()[2:] for line in err.splitlines()] == [["reading"], ["composing"]]


def test_on_a_terminal_one_line_changes_and_is_cleared(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with Progress() as progress:
        progress("reading")
        progress("composing")
    err = capsys.readouterr().err
    assert "\n" not in err
    assert err.count("\r\033[K") == 3
    assert err.endswith("\r\033[K")
