"""How a tune is to be drawn and played: what front ends ask of `bot.render`."""

from dataclasses import dataclass
from typing import Self

from model.prompt import Prompt


@dataclass(frozen=True)
class Playing:
    """How a tune is played. What is None is as its dance is played.

    `tempo` is in beats a minute, a dotted quarter in compound metres; `instrument` a name of model.music.instruments;
    `seed` decides what chance would, and comes from the notes where it is None.
    """

    tempo: int | None = None
    instrument: str | None = None
    band: bool = True
    seed: int | None = None

    @classmethod
    def of(cls, prompt: Prompt) -> Self:
        """As a prompt asks for."""
        return cls(prompt.tempo, prompt.instrument, prompt.band)


@dataclass(frozen=True)
class Sheet:
    """How a tune is drawn: `narrow` with two bars a line, for phones."""

    narrow: bool = False
