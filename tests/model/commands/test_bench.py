import json

import pytest

from model.__main__ import main
from model.evaluation import benchmark
from model.evaluation.benchmark import Figure

FIGURES = [Figure("trad-vs-loop-1", 100, 650.44, 6), Figure("seed-vs-roofline-16", 2000, 1000)]


@pytest.fixture(autouse=True)
def _measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark, "figures", lambda *_: FIGURES)


def test_the_table_has_a_line_for_each_figure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--threads", "1"]) == 0
    out, err = capsys.readouterr()
    assert [line.split() for line in out.splitlines()[1:]] == [
        ["trad-vs-loop-1", "100", "650", "6.50", "6", "tokens/s"],
        ["seed-vs-roofline-16", "2,000", "1,000", "0.50", "tokens/s"],
    ]
    assert "this takes a minute" in err


def test_json_is_a_list_of_rows(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--threads", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [figure.to_json() for figure in FIGURES]
