"""Retrainings, versions and workers, each described in a line."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.core.retraining import Options, Retraining, RetrainingProgress, RetrainingStatus
from bot.core.values import Version
from bot.retraining import wording
from bot.workers.health import Health
from model.retraining.protocol import Step
from tests.bot.retraining.retrainers import GPU

NOW = datetime(2026, 11, 28, tzinfo=UTC)
QUEUED = Retraining(7, 1, "Ann", 1, "web", RetrainingStatus.QUEUED, Options(50), 1, NOW, votes=60, tunes=1)
REPORT: dict[str, Any] = {
    "passed": False,
    "sha256": "",
    "tests": [
        {"name": "margin", "value": 0.5, "limit": 0.005, "passed": False, "says": "p = 0.5, below 0.005 wanted"},
        {"name": "diversity", "value": 0.97, "limit": 0.95, "passed": True, "says": "97% as diverse"},
    ],
    "scores": {"bits_per_note": 2.0099, "diversity": 0.97},
}


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({}, "waiting to begin"),
        ({"status": RetrainingStatus.RUNNING}, "getting ready"),
        (
            {"status": RetrainingStatus.PROMOTED, "version": 3, "chosen": True},
            "passed: version 3 composes from the next prompt on",
        ),
        (
            {"status": RetrainingStatus.PROMOTED, "version": 3},
            "passed: it is version 3, but another was chosen meanwhile: /model rollback version:3 to use it",
        ),
        ({"status": RetrainingStatus.PASSED}, "passed; a dry run, so nothing has changed"),
        (
            {"status": RetrainingStatus.REFUSED, "report": REPORT},
            "refused, so nothing has changed: p = 0.5, below 0.005 wanted (missed by 0.495)",
        ),
        ({"status": RetrainingStatus.REFUSED}, "refused, so nothing has changed: the trainer did not say why"),
        ({"status": RetrainingStatus.FAILED, "error": "no space"}, "failed, so nothing has changed: no space"),
        ({"status": RetrainingStatus.CANCELLED}, "cancelled, so nothing has changed"),
    ],
)
def test_a_retraining_is_one_line(change: dict[str, Any], line: str) -> None:
    assert wording.line(replace(QUEUED, **change)) == line


@pytest.mark.parametrize(
    ("step", "line"),
    [
        (Step("reading"), "reading what to learn from"),
        (Step("tuning", 30, 90, 1.5), "learning, 33%"),
        (Step("checking", 1, 5, test="bits_per_note"), "checking what was learned (bits per note), 20%"),
    ],
)
def test_a_running_one_shows_its_step(step: Step, line: str) -> None:
    running = replace(QUEUED, status=RetrainingStatus.RUNNING, progress=RetrainingProgress(step))
    assert wording.line(running) == line


def test_what_it_learns_from_and_its_scores() -> None:
    assert wording.learned(QUEUED) == "60 votes on 1 tune"
    assert wording.note(QUEUED) == "retraining 7: 60 votes on 1 tune"
    assert wording.scores(replace(QUEUED, report=REPORT)) == "bits per note 2.01, diversity 0.97"
    assert wording.scores(QUEUED) == wording.scores(None) == ""


@pytest.mark.parametrize(("note", "origin"), [("shipped with Tunesmith", "shipped with Tunesmith"), ("", "trad")])
def test_a_version_that_no_retraining_made_has_its_note_or_name(note: str, origin: str) -> None:
    assert wording.origin(Version(1, "/trad", "", "trad", NOW, note=note)) == origin


@pytest.mark.parametrize(
    ("worker", "line"),
    [
        (GPU, "gpu (NVIDIA H100): 30 of 32 slots free, trains, heard of 1 s ago"),
        (
            replace(GPU, versions=(1,)),
            "gpu (NVIDIA H100): 30 of 32 slots free, holds version 1, trains, heard of 1 s ago",
        ),
        (
            Health("home", versions=(1, 2, 3), seen=14.6),
            "home (device unknown): 1 of 1 slots free, holds versions 1, 2 and 3, heard of 15 s ago",
        ),
    ],
)
def test_a_worker_is_one_line(worker: Health, line: str) -> None:
    assert wording.worker(worker) == line
