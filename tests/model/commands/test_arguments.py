import argparse

import pytest

from model.commands.arguments import Parser, add_threads_option


@pytest.mark.parametrize("typed", ["0", "-1", "two", "1.5", "9999", "", "²"])
def test_a_number_of_threads_is_a_small_whole_number(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    parser = Parser(prog="python -m model sample")
    add_threads_option(parser)
    with pytest.raises(SystemExit) as ended:
        parser.parse_args([f"--threads={typed}"])
    told = capsys.readouterr().err
    assert ended.value.code == 2
    assert "is no number of threads from 1 to 1024" in told
    assert told.count("\n") == 1


def test_threads_are_all_or_what_is_asked_for() -> None:
    parser = argparse.ArgumentParser()
    add_threads_option(parser)
    assert parser.parse_args([]).threads >= 1
    assert parser.parse_args(["--threads", "2"]).threads == 2
