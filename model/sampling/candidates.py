"""A prompt on its way through the sampler: the drafts of its tune, and the random streams that decide each."""

from dataclasses import dataclass, field

import numpy as np

from model.prompt import Prompt
from model.sampling.decoder import LONGEST_TUNE, SequenceState
from model.sampling.grammar import Grammar
from model.sampling.variation import Given

PATIENCE = 5  # draws that are too close to a known tune, or whose parts are all alike; then it gets warmer,
WARMER = 0.1  # by so much each time
PLANNING = 2**32  # the random stream of a seed that draws its first draft's plan; those of its drafts count from 0,
CHOOSING = 2**33  # and those that choose among the drafts of each draw from here


@dataclass(frozen=True)
class Draft:
    """One of several tunes for a prompt, `number` from 0, and what it is drawn by."""

    number: int
    grammar: Grammar
    plan: tuple[int, ...]
    prefix: list[int]


@dataclass
class PendingPrompt:
    """A prompt on its way through the batch, and those of its drafts that have ended: (number, ids)."""

    index: int
    prompt: Prompt
    given: Given
    drafts: list[Draft]
    title: str = ""
    draw: int = 0
    ended: list[tuple[int, list[int]]] = field(default_factory=list)

    @property
    def temperature(self) -> float:
        return self.prompt.temperature + WARMER * max(0, self.draw - PATIENCE)

    def rows(self) -> list[SequenceState]:
        """What the decoder needs for this draw."""
        first = self.draw * len(self.drafts)
        return [
            SequenceState(
                draft.grammar,
                self.temperature,
                random_stream(self.prompt, first + draft.number).random(LONGEST_TUNE),
                draft.prefix,
                self.given.bars,
                draft.plan,
            )
            for draft in self.drafts
        ]


def random_stream(prompt: Prompt, stream: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=[prompt.seed, stream]))
