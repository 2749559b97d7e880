"""Prompts while they are being sampled: the drafts of their tunes, and the random streams that decide each."""

from dataclasses import dataclass, field

import numpy as np

from model.prompt import Prompt
from model.sampling.grammar import Grammar
from model.sampling.sequence_state import LONGEST_TUNE, SequenceState
from model.sampling.variation import GivenTokens

PATIENCE = 5  # draws in vain, such as tunes too close to a known one, before the temperature rises
TEMPERATURE_STEP = 0.1  # by which it rises with each further draw
# Random streams of a seed. Draft i of draw n has the stream n x drafts + i;
PLANNING = 2**32  # the plan of draft i has this one + i,
CHOOSING = 2**33  # and the choice among the drafts of draw n this one + n.


@dataclass(frozen=True)
class Draft:
    """One of several tunes for a prompt: `number` counts from 0, `plan` and `prefix` are as in SequenceState."""

    number: int
    grammar: Grammar
    plan: tuple[int, ...]
    prefix: list[int]


@dataclass
class PendingPrompt:
    """A prompt in a batch. `draw` counts the times its drafts were drawn in vain, `ended` are those of this draw.

    An ended draft is (number, token ids).
    """

    index: int
    prompt: Prompt
    given: GivenTokens
    drafts: list[Draft]
    title: str = ""
    draw: int = 0
    ended: list[tuple[int, list[int]]] = field(default_factory=list)

    @property
    def temperature(self) -> float:
        """Of this draw."""
        return self.prompt.temperature + TEMPERATURE_STEP * max(0, self.draw - PATIENCE)

    def sequences(self) -> list[SequenceState]:
        """What the decoder needs for each draft of this draw."""
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
    """One of the independent random streams of the prompt's seed."""
    return np.random.Generator(np.random.Philox(key=[prompt.seed, stream]))
