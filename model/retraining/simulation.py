"""A simulated community: members with a hidden preference vote on tunes, a version is tuned on the votes, and again.

Everything but the members is real: the network, the weights of votes, the tuning and the gate.
"""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
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
from model.retraining.retrain import retrain
from model.retraining.simulated_preferences import MEASURES, SimulatedPreference
from model.retraining.vote_weights import weights
from model.retraining.voted_tunes import VotedTune
from model.sampling.batch_composing import compose_all, every_prompt
from model.sampling.critic import Critic
from model.sampling.originality import Index
from model.sampling.sampler import Composed, Sampler

MEMBERS = 20
VOTERS = 1  # on each tune
CALIBRATION = 360  # tunes of version 1 that set which measures are liked
HOUR = 3600.0
NOISE = "noise"  # in place of a preference: members toss a coin

Likes = Callable[[NormalizedTune], bool]


@dataclass(frozen=True)
class RoundResult:
    """A community after `round` retrainings: 0 is version 1. `taste` is what it prefers, as `--taste` names it.

    `liked` is the share of its tunes that are liked, `promoted` whether the last candidate passed; the gate's scores
    are that candidate's.
    """

    taste: str
    seed: int
    round: int
    liked: float
    bits_per_note: float | None = None
    diversity: float | None = None
    well_formed: float | None = None
    promoted: bool = False
    seconds: float = 0.0
    failed: tuple[str, ...] = ()


@dataclass
class Community:
    """Members of one preference, or of none (NOISE), whose every vote is wrong with probability `noise`."""

    preference: str  # of MEASURES, or NOISE
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
    on_round: Callable[[str], None] = lambda _: None
    _cast: list[Vote] = field(default_factory=list)
    _served: list[Composed] = field(default_factory=list)

    def rounds(self, count: int) -> Iterator[RoundResult]:
        """Version 1, and the community after each of `count` retrainings."""
        rng = random.Random(self.seed)
        current = self.base
        likes = self._likes(rng)
        served = self._serve(current, 0)
        yield RoundResult(self.preference, self.seed, 0, _share(likes(one.normalized) for one in served))
        for number in range(1, count + 1):
            self._vote(served, likes, rng)
            candidate, report = self._retrain(current, number)
            current = candidate if report.passed else current
            self.on_round(
                f"{self.preference}, seed {self.seed}, round {number}: {report.seconds:.0f} s, {_outcome(report)}"
            )
            served = self._serve(current, number)
            yield self._result(number, _share(likes(one.normalized) for one in served), report)

    def _likes(self, rng: random.Random) -> Likes:
        if self.preference == NOISE:
            return lambda _: rng.random() < 0.5
        tunes = [one.normalized for one in self._compose(self.base, self.calibration, -1)]
        return SimulatedPreference.of(MEASURES[self.preference], tunes).likes

    def _retrain(self, current: Checkpoint, number: int) -> tuple[Checkpoint, Report]:
        return retrain(
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

    def _compose(self, version: Checkpoint, count: int, number: int) -> list[Composed]:
        every = every_prompt(count, seed=1_000_000 * (self.seed + 1) + 10_000 * (number + 1))
        prompts = [replace(prompt, form=Form()) for prompt in every]  # most members leave it out
        sampler = Sampler(version, index=self.index, critic=self.critic)
        return list(compose_all(sampler, prompts, lambda _: None).composed.values())

    def _serve(self, version: Checkpoint, number: int) -> list[Composed]:
        return self._compose(version, self.votes // VOTERS, number)

    def _vote(self, served: Sequence[Composed], likes: Likes, rng: random.Random) -> None:
        for one in served:
            opinion = likes(one.normalized)
            for member in rng.sample(range(MEMBERS), VOTERS):
                right = rng.random() >= self.noise
                value = 1 if opinion == right else -1
                self._cast.append(Vote(len(self._served), member, value, HOUR * len(self._cast)))
            self._served.append(one)

    def _voted(self) -> list[VotedTune]:
        vocabulary, found = Vocabulary.from_json(self.base.vocabulary), []
        for tune, weight in weights(self._cast).items():
            one = self._served[tune]
            with suppress(NotationError):  # as model.retraining.voted_tunes.read leaves them out
                example = TrainingExample(tune, write(one.tune), one.prompt.rhythm, weight)
                found.append(VotedTune.of(example, vocabulary))
        return found

    def _result(self, number: int, liked: float, report: Report) -> RoundResult:
        tests = {test.name: test for test in report.tests}
        formed = tests.get("well_formed")
        return RoundResult(
            taste=self.preference,
            seed=self.seed,
            round=number,
            liked=liked,
            bits_per_note=report.scores.get("bits_per_note"),
            diversity=report.scores.get("diversity"),
            well_formed=formed.value / formed.limit if formed else None,
            promoted=report.passed,
            seconds=report.seconds,
            failed=tuple(test.name for test in report.failed),
        )


def _share(liked: Iterable[bool]) -> float:
    found = list(liked)
    return sum(found) / len(found) if found else 0.0


def _outcome(report: Report) -> str:
    if report.failed:
        return "refused: " + "; ".join(test.says for test in report.failed)
    return "; ".join(test.says for test in report.tests)
