"""A simulated community: members with a hidden taste vote on served tunes, a version is tuned on the votes, again.

Everything but the members is the real thing: the network, the weights of votes, the tuning and the gate.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from model.encoding.tokenizer import NormalizedTune
from model.encoding.vocabulary import Vocabulary
from model.errors import NotationError
from model.music.abc_writer import write
from model.music.form import Form
from model.network.checkpoint import Checkpoint
from model.retraining.gate import COMPOSED
from model.retraining.protocol import Report, TrainingExample, Vote
from model.retraining.replay import Replay
from model.retraining.retrain import learn
from model.retraining.simulated_preferences import TASTES, Taste
from model.retraining.vote_weights import weights
from model.retraining.voted_tunes import Voted, voted
from model.sampling.batch_composing import compose_all, every_prompt, normalized
from model.sampling.critic import Critic
from model.sampling.originality import Index
from model.sampling.sampler import Composed, Sampler

MEMBERS = 20
VOTERS = 1  # on each tune
CALIBRATION = 360  # tunes of version 1 that set what the taste likes
HOUR = 3600.0
NOISE = "noise"  # the taste of members who toss a coin


@dataclass(frozen=True)
class Row:
    """A community after `round` retrainings: 0 is version 1. `promoted`: whether the last one was."""

    taste: str
    seed: int
    round: int
    liked: float
    bits_per_note: float | None
    diversity: float | None
    well_formed: float | None
    promoted: bool
    seconds: float = 0.0
    failed: tuple[str, ...] = ()


@dataclass
class Community:
    """Members of one `taste`, or of none (NOISE), whose every vote is wrong with probability `noise`."""

    taste: str
    seed: int
    base: Checkpoint
    replay: Replay
    index: Index
    critic: Critic | None = None
    votes: int = 500  # a round
    noise: float = 0.1
    calibration: int = CALIBRATION
    composed: int = COMPOSED  # tunes that the gate looks at
    cache: Path | None = None
    thorough: bool = True
    heard: Callable[[str], None] = lambda _: None
    _ballots: list[Vote] = field(default_factory=list)
    _served: list[Composed] = field(default_factory=list)

    def rounds(self, count: int) -> Iterator[Row]:
        """Version 1, and how it stands after each of `count` retrainings."""
        rng = random.Random(self.seed)
        current = self.base
        likes = self._likes(rng)
        served = self._serve(current, 0)
        yield Row(self.taste, self.seed, 0, _share(map(likes, map(normalized, served))), None, None, None, False)
        for number in range(1, count + 1):
            self._vote(served, likes, rng)
            candidate, report = learn(
                current,
                self.base,
                self._voted(),
                self.replay,
                self.index,
                cache=self.cache,
                seed=self.seed + number,
                thorough=self.thorough,
                composed=self.composed,
            )
            if report.passed:
                current = candidate
            self.heard(f"{self.taste}, seed {self.seed}, round {number}: {report.seconds:.0f} s, {_verdict(report)}")
            served = self._serve(current, number)
            yield self._row(number, _share(map(likes, map(normalized, served))), report)

    def _likes(self, rng: random.Random) -> Callable[[NormalizedTune], bool]:
        if self.taste == NOISE:
            return lambda _: rng.random() < 0.5
        return Taste.of(
            TASTES[self.taste], [normalized(one) for one in self._compose(self.base, self.calibration, -1)]
        ).likes

    def _compose(self, version: Checkpoint, count: int, number: int) -> list[Composed]:
        asked = every_prompt(count, seed=1_000_000 * (self.seed + 1) + 10_000 * (number + 1))
        prompts = [replace(prompt, form=Form()) for prompt in asked]  # most members leave it out
        sampler = Sampler(version, index=self.index, critic=self.critic)
        return list(compose_all(sampler, prompts, lambda _: None).composed.values())

    def _serve(self, version: Checkpoint, number: int) -> list[Composed]:
        return self._compose(version, self.votes // VOTERS, number)

    def _vote(self, served: Sequence[Composed], likes: Callable[[NormalizedTune], bool], rng: random.Random) -> None:
        for one in served:
            opinion = likes(normalized(one))
            for member in rng.sample(range(MEMBERS), VOTERS):
                right = rng.random() >= self.noise
                value = 1 if opinion == right else -1
                self._ballots.append(Vote(len(self._served), member, value, HOUR * len(self._ballots)))
            self._served.append(one)

    def _voted(self) -> list[Voted]:
        known, found = Vocabulary.from_json(self.base.vocabulary), []
        for tune, weight in weights(self._ballots).items():
            one = self._served[tune]
            with suppress(NotationError):  # as model.retraining.voted_tunes.read leaves them out
                found.append(voted(TrainingExample(tune, write(one.tune), one.prompt.rhythm, weight), known))
        return found

    def _row(self, number: int, liked: float, report: Report) -> Row:
        value = {test.name: test.value for test in report.tests}
        limit = {test.name: test.limit for test in report.tests}
        well_formed = value["well_formed"] / limit["well_formed"] if "well_formed" in value else None
        failed = tuple(test.name for test in report.tests if not test.passed)
        row = Row(self.taste, self.seed, number, liked, value.get("bits_per_note"), value.get("diversity"), None, False)
        return replace(row, well_formed=well_formed, promoted=report.passed, seconds=report.seconds, failed=failed)


def _share(values: "Iterator[bool] | map[bool]") -> float:
    found = list(values)
    return sum(found) / len(found) if found else 0.0


def _verdict(report: Report) -> str:
    failed = [test.says for test in report.tests if not test.passed]
    return "refused: " + "; ".join(failed) if failed else "; ".join(test.says for test in report.tests)
