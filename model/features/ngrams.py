"""N-grams of a tune's notes, from which judges tell composed tunes from real ones; no critic counts them.

Up to LONGEST neighbours of each of: intervals in semitones, intervals with lengths, scale degrees by place in the bar,
rhythms of whole bars.
"""

from collections import Counter

from model.encoding.tokenizer import NormalizedTune, ticks
from model.features.statistics import different_parts
from model.music.parts import Notes

LONGEST = 5


def ngrams(tune: NormalizedTune) -> Counter[str]:
    """How often each n-gram comes in the tune's different parts, by a name for it."""
    kinds: dict[str, list[str]] = {"interval": [], "interval, length": [], "degree, place": [], "bar": []}
    last: int | None = None
    for part in different_parts(tune):
        for bar in (part.pickup, *part.bars):
            position = ticks(tune.metre) - _length(bar) if bar is part.pickup else 0
            for note in bar:
                length = ticks(note.length)
                interval = degree = "rest"
                if note.pitch:
                    midi = note.pitch.midi
                    interval, degree, last = str(midi - last) if last is not None else "0", str(midi % 12), midi
                kinds["interval"].append(interval)
                kinds["interval, length"].append(f"{interval},{length}")
                kinds["degree, place"].append(f"{degree}@{position}")
                position += length
            kinds["bar"].append(".".join(str(ticks(n.length) if n.pitch else -ticks(n.length)) for n in bar))
    return Counter(
        f"{kind} {' '.join(one[start : start + n])}"
        for kind, one in kinds.items()
        for n in range(1, LONGEST + 1)
        for start in range(len(one) - n + 1)
    )


def _length(bar: Notes) -> int:
    return sum(ticks(note.length) for note in bar)
