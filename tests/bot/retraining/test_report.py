"""A trainer's report: what is read of it, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.core.errors import TrainerError
from bot.retraining import report
from tests.bot.workers.local.stand_in_trainer import TESTS

REPORT: dict[str, Any] = {"passed": True, "sha256": "f" * 64, "tests": TESTS, "losses": [[0, 2.0], [10, 1.9]]}


def test_a_report_is_read_as_it_is_and_validated(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(json.dumps({**REPORT, "of_a_later_release": 1}))
    assert report.read(tmp_path / "report.json") == {**REPORT, "of_a_later_release": 1}
    found = report.validated(REPORT)
    assert (found.passed, found.failed, found.losses) == (True, (), ((0, 2.0), (10, 1.9)))


@pytest.mark.parametrize(
    "change",
    [
        {"tests": []},
        {"tests": [{**TESTS[0], "passed": False}]},
        {"passed": False},
    ],
)
def test_a_report_without_tests_that_all_passed_has_not_passed(change: dict[str, Any]) -> None:
    assert not report.validated({**REPORT, **change}).passed


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        json.dumps({**REPORT, "tests": None}),
        json.dumps({**REPORT, "tests": [{"name": "margin"}]}),
        json.dumps({**REPORT, "scores": {"margin": float("nan")}}),
        json.dumps({key: value for key, value in REPORT.items() if key != "sha256"}),
        json.dumps({**REPORT, "sha256": "f" * 2_000_000}),
    ],
    ids=["cut", "list", "no tests", "half a test", "NaN", "no hash", "too long"],
)
def test_what_is_no_report_is_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "report.json").write_text(text)
    with pytest.raises(TrainerError, match="the trainer's report makes no sense, so nothing came of it"):
        report.read(tmp_path / "report.json")


def test_a_missing_report_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match="the trainer left no report: No such file or directory"):
        report.read(tmp_path / "report.json")
