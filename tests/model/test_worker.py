import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from model import checkpoint
from model.abc_reader import parse
from model.errors import CheckpointError
from model.form import well_formed
from model.jobs import Event, Form, Job, Prompt
from model.key import Key
from model.originality import LIMIT
from model.worker import Worker
from tests.model.commandline import ROOT

PROMPT = Prompt(Key.parse("Edor"), "reel", form=Form("AB", 4), seed=3)


class Process:
    """A worker in a process of its own, spoken to as the bot does."""

    def __init__(self) -> None:
        self.running = subprocess.Popen(
            [sys.executable, "-m", "model", "worker"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def send(self, *lines: Job | dict[str, Any] | bytes) -> None:
        assert self.running.stdin is not None
        for line in lines:
            data = line.to_json() if isinstance(line, Job) else line
            self.running.stdin.write(data if isinstance(data, bytes) else json.dumps(data).encode() + b"\n")
        self.running.stdin.flush()

    def hear(self) -> Event:
        assert self.running.stdout is not None
        return Event.from_line(self.running.stdout.readline())

    def outcomes(self, *ids: str) -> dict[str, Event]:
        """The outcome of each job, once all have theirs; no other job may have one."""
        found: dict[str, Event] = {}
        while len(found) < len(ids):
            event = self.hear()
            if event.state != "composing":
                assert event.id in ids
                assert event.id not in found
                found[event.id] = event
        return found


@pytest.fixture(scope="module")
def worker() -> Iterator[Process]:
    process = Process()
    assert process.hear() == Event("", "ready")
    yield process
    process.running.communicate(timeout=20)  # closes its input
    assert process.running.returncode == 0


def job(name: str, prompt: Prompt = PROMPT, **more: Any) -> Job:
    return Job(name, prompt, **{"deadline": 60.0, **more})


def test_a_job_is_composed_and_done(worker: Process) -> None:
    worker.send(job("one"))
    assert worker.hear() == Event("one", "composing")
    done = worker.hear()
    assert (done.id, done.state) == ("one", "done")
    tune = parse(done.abc)
    assert well_formed(tune, PROMPT.key, PROMPT.form) == ""
    assert tune.title == done.title != ""
    assert done.tokens > 20
    assert done.draws >= 1
    assert done.nearest is not None
    assert done.nearest.title
    assert 0 < done.nearest.similarity <= LIMIT
    assert done.temperature == PROMPT.temperature


def test_the_same_job_gives_the_same_tune_in_any_batch(worker: Process) -> None:
    worker.send(job("alone"))
    alone = worker.outcomes("alone")["alone"]
    worker.send(*(job(str(seed), Prompt(PROMPT.key, "reel", form=PROMPT.form, seed=seed)) for seed in range(6)))
    together = worker.outcomes(*"012345")
    assert together["3"].abc == alone.abc
    assert len({event.abc for event in together.values()}) == 6


def test_a_bad_opening_fails_with_the_members_fault(worker: Process) -> None:
    worker.send(job("bad", Prompt(PROMPT.key, "reel", opening="#" * 1_000_000)))
    failed = worker.outcomes("bad")["bad"]
    assert (failed.state, failed.fault) == ("failed", "input")
    assert "opening" in failed.error
    assert "\n" not in failed.error


def test_a_checkpoint_that_is_gone_fails_its_job_alone(worker: Process, tmp_path: Path) -> None:
    worker.send(job("gone", checkpoint=str(tmp_path / "gone")), job("here"))
    found = worker.outcomes("gone", "here")
    assert (found["gone"].state, found["gone"].fault) == ("failed", "internal")
    assert "no checkpoint at" in found["gone"].error
    assert found["here"].state == "done"


def test_a_prompt_that_breaks_the_model_fails_alone(worker: Process) -> None:
    worker.send(job("broken", Prompt(PROMPT.key, "no such rhythm")), job("well"))
    found = worker.outcomes("broken", "well")
    assert (found["broken"].state, found["broken"].fault) == ("failed", "internal")
    assert found["well"].state == "done"


def test_a_deadline_that_has_passed_fails_the_job(worker: Process) -> None:
    worker.send(job("late", deadline=-1.0))
    failed = worker.outcomes("late")["late"]
    assert (failed.state, failed.error) == ("failed", "the tune waited too long to be composed: try again")


def test_a_cancelled_job_has_no_outcome(worker: Process) -> None:
    worker.send({"cancel": "never"}, job("never"), job("kept"))
    assert worker.outcomes("kept")["kept"].state == "done"


@pytest.mark.parametrize(
    "line",
    [
        b"hello\n",
        b"\n",
        b"5\n",
        b"null\n",
        b'"cancel"\n',
        b'{"cancel": []}\n',
        b"[" * 100_000 + b"\n",
        b"\xff\xfe\x00\n",
        json.dumps({**job("x").to_json(), "deadline": "soon"}).encode() + b"\n",
        json.dumps({**job("x").to_json(), "colour": "red"}).encode() + b"\n",
        json.dumps({**job("x").to_json(), "prompt": {"key": "H"}}).encode() + b"\n",
    ],
    ids=range(11),
)
def test_lines_that_are_no_jobs_are_passed_over(worker: Process, line: bytes) -> None:
    worker.send(line, job("after"))
    assert worker.outcomes("after")["after"].state == "done"


def test_a_worker_without_a_checkpoint_does_not_begin(tmp_path: Path) -> None:
    out = io.StringIO()
    with pytest.raises(CheckpointError, match="no checkpoint at"):
        Worker(tmp_path / "none", [], out).run()
    assert out.getvalue() == ""


def test_jobs_that_wait_when_the_input_ends_are_still_composed() -> None:
    out = io.StringIO()
    Worker(checkpoint.SHIPPED, [json.dumps(job("last").to_json())], out).run()
    events = [Event.from_line(line) for line in out.getvalue().splitlines()]
    assert [(event.id, event.state) for event in events] == [("", "ready"), ("last", "composing"), ("last", "done")]
