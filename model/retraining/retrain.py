"""One retraining: a candidate tuned on the votes, and a report that says whether it may become a version."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from model.encoding.part_plan import Plans
from model.encoding.vocabulary import Vocabulary
from model.files import code_digest, keep_newest
from model.network.checkpoint import Checkpoint, part_way
from model.retraining.finetune import finetune
from model.retraining.gate import COMPOSED, checks, compose
from model.retraining.likelihood import Reads
from model.retraining.protocol import GateTest, Report, Step
from model.retraining.replay import Replay
from model.retraining.voted_tunes import Voted, sides
from model.sampling.originality import Index

COSTS = {"bits_per_note", "diversity"}  # a candidate that fails in these alone may go part of the way
RETREATS, RETREAT = 2, 0.6  # so often, and to so much of the way each time
TESTS = ("margin", "bits_per_note", "well_formed", "originality", "diversity")


def learn(
    current: Checkpoint,
    base: Checkpoint,
    voted: Sequence[Voted],
    replay: Replay,
    index: Index,
    *,
    cache: Path | None = None,
    seed: int = 0,
    thorough: bool = True,
    composed: int = COMPOSED,
    heard: Callable[[Step], None] = lambda _: None,
) -> tuple[Checkpoint, Report]:
    """Tune a copy of `current` on the voted tunes and put it to the gate's tests; `base` is version 1.

    A candidate that costs the books or diversity too much is put to the tests again part of the way back to `current`.
    Not `thorough`, it stops at the first test that fails. The gate looks at `composed` tunes. `cache` keeps what is
    measured of `base`. Raises InputError, CheckpointError and ModelError as `finetune` does.
    """
    began = time.monotonic()
    train, held_out = sides(voted)
    known = replay.known_to(Vocabulary.from_json(current.vocabulary))

    def tuning(done: int, of: int, loss: float) -> None:
        heard(Step("tuning", done, of, round(loss, 4)))

    tuned = finetune(current, base, train, known.train, seed=seed, progress=tuning)
    plans = Plans.known_to(base.facts if "plans" in base.facts else current.facts)
    plans = plans.tilted([tune.song for tune in train], tuned.likings)
    facts = {**current.facts, "plans": plans.to_json(), "tuned_on_votes": _counts(train, held_out)}
    candidate = replace(tuned.checkpoint, facts=facts)

    def base_diversity() -> tuple[float, float]:
        return _diversity_of(base, index, cache, composed)

    def checking(name: str) -> None:
        heard(Step("checking", TESTS.index(name), len(TESTS), test=name))

    def tested(one: Checkpoint, last: bool) -> Iterator[GateTest]:
        failed: set[str] = set()
        for check in checks(
            one, current, base, voted, known.held_out, index, base_diversity, checking, composed, reads
        ):
            yield check
            failed |= set() if check.passed else {check.name}
            if failed and (not thorough or (failed <= COSTS and not last)):
                return

    found, kept, reads = list[GateTest](), 1.0, Reads()
    for retreat in range(RETREATS + 1):
        found = list(tested(candidate, retreat == RETREATS))
        failed = {check.name for check in found if not check.passed}
        if not failed or failed - COSTS or retreat == RETREATS:
            break
        candidate, kept = part_way(current, candidate, RETREAT), kept * RETREAT
    seconds = time.monotonic() - began
    return candidate, Report(
        passed=not failed,
        sha256="",  # known once the candidate is written
        tests=tuple(found),
        scores={test.name: test.value for test in found},
        tunes=_counts(train, held_out),
        losses=tuple(tuned.losses),
        kept=kept,
        seconds=seconds,
    )


def _counts(train: Sequence[Voted], held_out: Sequence[Voted]) -> dict[str, int]:
    up, held_up = (sum(tune.weight > 0 for tune in side) for side in (train, held_out))
    return {"up": up, "down": len(train) - up, "held_out_up": held_up, "held_out_down": len(held_out) - held_up}


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
