"""What is played: notes in ticks, player by player."""

from dataclasses import dataclass
from typing import NamedTuple

from model.music.tune import Tune

TICKS = 960  # to a quarter note


class Sound(NamedTuple):
    """A note as it is played, from `start` to `end` in ticks. `pitch` and `velocity` are MIDI's."""

    start: int
    end: int
    pitch: int
    velocity: int


@dataclass(frozen=True)
class Player:
    """One of the band; `program` is General MIDI's, counted from 0."""

    name: str
    program: int
    sounds: tuple[Sound, ...]


@dataclass(frozen=True)
class Performance:
    """`tune` as it is played. The melody's player is the first; `quarters` is the tempo in quarter notes a minute."""

    quarters: float
    players: tuple[Player, ...]
    tune: Tune

    @property
    def end(self) -> int:
        """When the last note ends, in ticks."""
        return max((sound.end for player in self.players for sound in player.sounds), default=0)

    @property
    def ticks_a_second(self) -> float:
        return self.quarters * TICKS / 60
