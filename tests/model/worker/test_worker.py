import io
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from model.errors import CheckpointError
from model.music.abc_reader import parse
from model.music.form import Form
from model.music.key import Key
from model.music.parts import well_formed
from model.network import checkpoint
from model.prompt import Prompt
from model.sampling.originality import LIMIT
from model.worker.protocol import Event, Job
from model.worker.worker import Worker
from tests.model.command_line import ROOT

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
        """The next event that is of a job, or says that it is ready."""
        while (event := self.hear_all()).state in ("alive", "batch"):
            pass
        return event

    def hear_all(self) -> Event:
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
    process.running.communicate(timeout=120)  # closes its input
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


def test_a_checkpoint_that_is_gone_is_replaced_by_the_last_good_one(worker: Process, tmp_path: Path) -> None:
    worker.send(job("gone", checkpoint=str(tmp_path / "gone"), version=7), job("here"))
    found = worker.outcomes("gone", "here")
    assert [event.state for event in found.values()] == ["done", "done"]
    assert found["gone"].abc == found["here"].abc
    assert found["gone"].note.startswith("version 7 cannot be used: no checkpoint at")
    assert (found["gone"].version, found["here"].note) == (0, "")


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda data: data[:-1000] + bytes(byte ^ 1 for byte in data[-1000:]), "its hash differs"),
        (lambda data: data[: len(data) // 2], "its hash differs"),
    ],
    ids=["flipped", "cut"],
)
def test_a_damaged_checkpoint_is_refused_and_another_version_composes(
    worker: Process, tmp_path: Path, damage: Callable[[bytes], bytes], reason: str
) -> None:
    good, bad = (tmp_path / f"{name}.safetensors" for name in ("good", "bad"))
    good.write_bytes(checkpoint.SHIPPED.read_bytes())
    bad.write_bytes(damage(good.read_bytes()))
    sha256 = checkpoint.sha256(good)
    worker.send(
        job("good", checkpoint=str(good), sha256=sha256, version=2),
        job("bad", checkpoint=str(bad), sha256="0" * 64, version=3),
    )
    found = worker.outcomes("good", "bad")
    assert (found["good"].state, found["good"].version, found["good"].note) == ("done", 2, "")
    assert (found["bad"].state, found["bad"].version) == ("done", 2)
    assert reason in found["bad"].note


def test_a_checkpoint_from_the_future_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = checkpoint.read(checkpoint.SHIPPED)
    with monkeypatch.context() as later:
        later.setattr(checkpoint, "FORMAT", checkpoint.FORMAT + 1)
        checkpoint.write(tmp_path / "new.safetensors", shipped)
    new = job("new", checkpoint=str(tmp_path / "new.safetensors"), version=2)
    out = io.StringIO()
    Worker(checkpoint.SHIPPED, [json.dumps(new.to_json())], out).run()
    done = [event for line in out.getvalue().splitlines() if (event := Event.from_line(line)).state == "done"]
    assert [event.version for event in done] == [0]
    assert "upgrade Tunesmith" in done[0].note


def test_it_says_that_it_lives_and_how_large_it_is(worker: Process) -> None:
    for _ in range(20):
        event = worker.hear_all()
        if event.state == "alive":
            break
    assert event.id == ""
    assert 50 < event.memory < 4000
    assert event.jobs == 0


def test_a_batch_tells_its_size_and_its_speed(worker: Process) -> None:
    worker.send(job("size"))
    worker.outcomes("size")
    while (event := worker.hear_all()).state != "batch":
        pass
    assert event.jobs == 1
    assert event.tokens > 20
    assert event.seconds > 0


def test_a_worker_that_is_told_to_stop_finishes_what_it_has() -> None:
    process = Process()
    try:
        assert process.hear().state == "ready"
        process.send(*(job(str(number)) for number in range(3)))
        assert process.hear().state == "composing"
        process.running.send_signal(signal.SIGTERM)
        assert {event.state for event in process.outcomes("0", "1", "2").values()} == {"done"}
        assert process.running.wait(timeout=120) == 0
        assert process.running.stderr
        assert process.running.stderr.read() == b""
    finally:
        process.running.kill()
        process.running.communicate()


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
    ],
    ids=range(8),
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
    told = [(event.id, event.state) for event in events if event.state != "alive"]
    assert told == [("", "ready"), ("last", "composing"), ("last", "done"), ("", "batch")]


@pytest.mark.parametrize("change", [{"colour": "red"}, {"deadline": "soon"}, {"prompt": {"key": "H"}}])
def test_a_job_that_cannot_be_read_is_answered(worker: Process, change: dict[str, Any]) -> None:
    worker.send({**job("odd").to_json(), **change}, job("after"))
    told = worker.outcomes("odd", "after")
    assert told["after"].state == "done"
    event = told["odd"]
    assert (event.state, event.fault, event.error) == ("failed", "internal", "the worker does not understand this job")
