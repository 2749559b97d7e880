"""One retraining: a candidate tuned on the votes, and a report that says whether it may become a version."""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from model.encoding.part_plan import Plans
from model.encoding.vocabulary import Vocabulary
from model.files import code_digest, keep_newest
from model.network.checkpoint import Checkpoint, interpolated
from model.retraining.finetune import Tuned, finetune
from model.retraining.gate import COMPOSED, TESTS, Gate, compose
from model.retraining.protocol import GateTest, Report, Step
from model.retraining.replay import Replay
from model.retraining.voted_tunes import VotedTune, split
from model.sampling.originality import Index

COSTS = {"bits_per_note", "diversity"}  # a candidate that fails in these alone may keep a part of its tuning
RETREATS, RETREAT = 2, 0.6  # so often, and to so much of the tuning each time

RunTests = Callable[[Checkpoint], Iterable[GateTest]]


def retrain(
    current: Checkpoint,
    base: Checkpoint,
    voted: Sequence[VotedTune],
    replay: Replay,
    index: Index,
    *,
    cache: Path | None = None,
    seed: int = 0,
    thorough: bool = True,
    composed: int = COMPOSED,
    on_step: Callable[[Step], None] = lambda _: None,
) -> tuple[Checkpoint, Report]:
    """Tune a copy of `current` on the voted tunes and put it to the gate's tests; `base` is version 1.

    Not `thorough`, it stops at the first test that fails. The gate looks at `composed` tunes. `cache` keeps what is
    measured of `base`. The report has no hash yet. InputError, CheckpointError and ModelError as of `finetune`.
    """
    began = time.monotonic()
    tuned_on, held_out = split(voted)
    known = replay.known_to(Vocabulary.from_json(current.vocabulary))
    tuned = finetune(current, base, tuned_on, known.train, seed=seed, progress=partial(_on_tuning, on_step))
    counts = _counts(tuned_on, held_out)
    gate = Gate(
        current=current,
        base=base,
        voted=voted,
        held_out=known.held_out,
        index=index,
        base_diversity=lambda: _diversity_of(base, index, cache, composed),
        composed=composed,
        on_test=partial(_on_test, on_step),
    )
    choice = choose(current, _with_plans(tuned, base, tuned_on, counts), gate.tests, thorough)
    return choice.candidate, Report(
        passed=not choice.failed,
        sha256="",  # known once the candidate is written
        tests=choice.tests,
        scores={test.name: test.value for test in choice.tests},
        tunes=counts,
        losses=tuple(tuned.losses),
        kept=choice.kept,
        seconds=time.monotonic() - began,
    )


@dataclass(frozen=True)
class Choice:
    """A candidate that keeps the share `kept` of its tuning, and its tests in their order."""

    candidate: Checkpoint
    tests: tuple[GateTest, ...]
    kept: float

    @property
    def failed(self) -> set[str]:
        """Names of the tests that it failed."""
        return {test.name for test in self.tests if not test.passed}


def choose(current: Checkpoint, candidate: Checkpoint, run_tests: RunTests, thorough: bool = True) -> Choice:
    """Test a candidate; one that costs the books or diversity too much is tested again part of the way to `current`.

    All but the last such test end as soon as it is known that the candidate costs too much.
    """
    kept = 1.0
    for retreat in range(RETREATS + 1):
        last = retreat == RETREATS
        choice = Choice(candidate, tuple(_until_decided(run_tests(candidate), thorough, last)), kept)
        if last or not choice.failed or choice.failed - COSTS:
            break
        candidate, kept = interpolated(current, candidate, RETREAT), kept * RETREAT
    return choice


def _until_decided(tests: Iterable[GateTest], thorough: bool, last: bool) -> Iterator[GateTest]:
    failed: set[str] = set()
    for test in tests:
        yield test
        failed |= set() if test.passed else {test.name}
        if failed and (not thorough or (failed <= COSTS and not last)):
            return


def _on_tuning(on_step: Callable[[Step], None], done: int, of: int, loss: float) -> None:
    on_step(Step("tuning", done, of, round(loss, 4)))


def _on_test(on_step: Callable[[Step], None], name: str) -> None:
    on_step(Step("checking", TESTS.index(name), len(TESTS), test=name))


def _with_plans(tuned: Tuned, base: Checkpoint, tuned_on: Sequence[VotedTune], counts: dict[str, int]) -> Checkpoint:
    """The tuned checkpoint with plans of liked tunes more frequent, and the number of tunes it was tuned on."""
    facts = tuned.checkpoint.facts
    plans = Plans.from_facts(base.facts if "plans" in base.facts else facts)
    plans = plans.tilted([tune.normalized for tune in tuned_on], tuned.preferences)
    return replace(tuned.checkpoint, facts={**facts, "plans": plans.to_json(), "tuned_on_votes": counts})


def _counts(tuned_on: Sequence[VotedTune], held_out: Sequence[VotedTune]) -> dict[str, int]:
    up, held_up = (sum(tune.weight > 0 for tune in side) for side in (tuned_on, held_out))
    return {"up": up, "down": len(tuned_on) - up, "held_out_up": held_up, "held_out_down": len(held_out) - held_up}


def _diversity_of(base: Checkpoint, index: Index, cache: Path | None, count: int) -> tuple[float, float]:
    """Of the tunes that `base` composes for the gate with this code, from the `cache` folder where it is known."""
    weights = base.weights["output.weight"].numpy().tobytes()
    digest = hashlib.sha256(code_digest().encode() + weights).hexdigest()[:16]
    path = cache / f"diversity-{digest}-{count}.json" if cache else None
    if path:
        with suppress(OSError, ValueError, TypeError):  # a damaged cache is made again
            grams, distance = json.loads(path.read_bytes())
            return float(grams), float(distance)
    found = compose(base, index, count).diversity
    if path:
        keep_newest(path, json.dumps(found).encode(), "diversity-")
    return found
