"""What a tune is found by: the steps between the first notes of each of its bars, whatever its key."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

from model.music.tune import Tune

LONGEST = 7  # steps of one beginning, so eight notes
_UNISON, _WIDEST = ord("n"), 12  # an octave down is `b`, an octave up `z`


def steps(pitches: Iterable[int]) -> str:
    """A letter for each step between MIDI pitches: `n` is a unison, `o` a semitone up; octaves are the widest."""
    return "".join(
        chr(_UNISON + max(-_WIDEST, min(_WIDEST, after - before))) for before, after in pairwise(list(pitches))
    )


def incipits(tune: Tune) -> set[str]:
    """The steps from the first note of each bar on, as far as LONGEST; ties are joined."""
    pitches: list[int] = []
    begins: list[int] = []
    for bar, held in zip(tune.bars, _held(tune), strict=True):
        begins.append(len(pitches))
        tied = held
        for note in bar.notes:
            if note.pitch and not tied:
                pitches.append(note.pitch.midi)
            tied = note.tied
    whole = steps(pitches)
    return {whole[begin : begin + LONGEST] for begin in begins} - {""}


def _held(tune: Tune) -> Iterator[bool]:
    """For each bar, whether its first note is tied to the one before."""
    held = False
    for bar in tune.bars:
        yield held
        held = bool(bar.notes) and bar.notes[-1].tied
