"""Diatonic shape: the note that continues a melodic sequence, as a token.

A sequence repeats a figure on other steps of the scale. So where a note moved by some steps a beat or a bar ago, the
candidate here lies as many steps from the last note and is as long; accidentals are left out, as tokens count them from
the scale.
"""

from functools import lru_cache

import numpy as np

from model.encoding.tokenizer import LONGEST_BAR, ticks, token_note, token_ticks
from model.encoding.vocabulary import Vocabulary
from model.music.key import Key

SHAPES = ("beat", "two beats", "bar", "two bars")  # how far back the figure lies
LINES = 70  # Pitch.line of a note is below
NO_LINE = -1  # of a rest, or of what is no note
BEAT, DOTTED_BEAT = 24, 36  # ticks


class Diatonic:
    """The notes of a vocabulary by their place in the scale.

    `line` [vocabulary]: see Pitch.line, NO_LINE for others; `ticks` [vocabulary]. `token` [LINES, ticks]: the id plus
    one of the note of the scale on that line and of that length; 0 where the vocabulary has none.
    """

    @classmethod
    @lru_cache(maxsize=4)
    def of(cls, known: Vocabulary) -> "Diatonic":
        return cls(known)

    def __init__(self, known: Vocabulary) -> None:
        self.line = np.full(len(known), NO_LINE, dtype=np.int64)
        self.ticks = np.array([token_ticks(token) for token in known.tokens])
        self.token = np.zeros((LINES, LONGEST_BAR + 1), dtype=np.int64)
        for token_id, token in enumerate(known.tokens):
            note = token_note(token, Key(0, 0, ""))
            if note is None or note.pitch is None:
                continue
            self.line[token_id] = note.pitch.line
            if not token.startswith(("^", "_")) and ticks(note.length) <= LONGEST_BAR:
                self.token[note.pitch.line, ticks(note.length)] = token_id + 1

    def moved(self, note: int, line: int) -> int:
        """The note of the scale on `line` that is as long as the token `note`: its id plus one.

        0 where there is none, and where `note` itself is on that line: that it comes again is what lookback shows.
        """
        if line == self.line[note] or not 0 <= line < LINES:
            return 0
        return int(self.token[line, self.ticks[note]])


def distances(metre: str) -> tuple[int, ...]:
    """How many ticks back each of SHAPES lies in a metre such as `6/8`; 0 where that is a whole bar or more."""
    beats, unit = map(int, metre.split("/"))
    bar = beats * 96 // unit
    beat = DOTTED_BEAT if unit == 8 and beats in (6, 9, 12) else BEAT
    return (*(length if length < bar else 0 for length in (beat, 2 * beat)), bar, 2 * bar)
