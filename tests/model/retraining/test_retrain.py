"""One retraining from votes to report, and what becomes of a candidate that costs too much."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from model.network.checkpoint import Checkpoint
from model.retraining.gate import TESTS
from model.retraining.protocol import GateTest, Step
from model.retraining.replay import Replay
from model.retraining.retrain import RETREAT, choose, retrain
from model.retraining.voted_tunes import VotedTune
from model.sampling.originality import Index
from model.sampling.sampler import Composed, Sampler
from tests.model.evaluation.samples import composed


def voted(tunes: list[Composed], weight: Callable[[int], float]) -> list[VotedTune]:
    """Sixty votes on these tunes in turn."""
    return [VotedTune(n, one.normalized, one.spelled, weight(n)) for n, one in enumerate(tunes * (60 // len(tunes)))]


def test_a_report_says_all_that_was_tested(sampler: Sampler, small: Checkpoint, tmp_path: Path) -> None:
    made = composed(sampler)
    replay = Replay(tuple(one.spelled for one in made), tuple(one.spelled for one in made[:3]))
    votes = voted(made, lambda n: 1.0 if n % 3 else -1.0)
    steps: list[Step] = []
    candidate, report = retrain(
        small, small, votes, replay, Index.load(), cache=tmp_path, composed=12, on_step=steps.append
    )
    data = json.loads(json.dumps(report.to_json()))
    assert [test["name"] for test in data["tests"]] == [step.test for step in steps if step.stage == "checking"]
    assert data["passed"] == all(test["passed"] for test in data["tests"])
    assert sum(data["tunes"].values()) == 60
    assert data["losses"][0][0] == 0
    assert candidate.facts["tuned_on_votes"] == data["tunes"]
    assert [step.done for step in steps if step.stage == "tuning"] == list(range(1, len(data["losses"]) + 1))
    assert list(tmp_path.glob("diversity-*-12.json"))


def test_not_thorough_it_stops_at_the_first_failure(sampler: Sampler, small: Checkpoint) -> None:
    one = composed(sampler)[0]
    contradicting = voted([one], lambda n: 1.0 if n % 2 else -1.0)
    replay = Replay((one.spelled,), (one.spelled,))
    _, report = retrain(small, small, contradicting, replay, Index.load(), thorough=False, composed=12)
    assert [test.name for test in report.tests] == ["margin"]
    assert not report.passed


class FailingGate:
    """Fails candidates in the tests `failing`, the first `times` of them, and remembers what it was asked."""

    def __init__(self, *failing: str, times: int) -> None:
        self.failing, self.times = failing, times
        self.candidates: list[Checkpoint] = []
        self.begun: list[list[str]] = []

    def __call__(self, candidate: Checkpoint) -> Iterator[GateTest]:
        self.candidates.append(candidate)
        self.begun.append([])
        for name in TESTS:
            self.begun[-1].append(name)
            yield GateTest(name, 0, 0, name not in self.failing or len(self.candidates) > self.times, name)


def change(current: Checkpoint, candidate: Checkpoint) -> float:
    return float((candidate.weights["output.weight"] - current.weights["output.weight"]).norm())


@pytest.fixture
def candidate(small: Checkpoint) -> Checkpoint:
    weight = small.weights["output.weight"]
    noise = torch.randn(weight.shape, generator=torch.Generator().manual_seed(0))
    return replace(small, weights={**small.weights, "output.weight": weight + noise})


def test_a_candidate_that_costs_too_much_keeps_a_part_of_its_tuning(small: Checkpoint, candidate: Checkpoint) -> None:
    gate = FailingGate("bits_per_note", "diversity", times=2)
    choice = choose(small, candidate, gate)
    assert not choice.failed
    assert choice.kept == pytest.approx(RETREAT**2)
    assert choice.candidate is gate.candidates[-1]
    assert change(small, choice.candidate) == pytest.approx(change(small, candidate) * choice.kept, rel=1e-4)


def test_a_candidate_that_fails_in_something_else_is_refused_at_once(small: Checkpoint, candidate: Checkpoint) -> None:
    gate = FailingGate("margin", "diversity", times=2)
    choice = choose(small, candidate, gate)
    assert (choice.failed, choice.kept) == ({"margin", "diversity"}, 1.0)
    assert gate.candidates == [candidate]


def test_only_the_last_retreat_is_tested_to_the_end(small: Checkpoint, candidate: Checkpoint) -> None:
    gate = FailingGate("bits_per_note", times=9)
    choice = choose(small, candidate, gate)
    assert gate.begun == [list(TESTS[:2]), list(TESTS[:2]), list(TESTS)]
    assert choice.failed == {"bits_per_note"}
