"""Melodies without their key: intervals and lengths."""

from model.encoding.tokenizer import NormalizedTune, ticks


def contour(tune: NormalizedTune) -> list[tuple[int, int]]:
    """(interval in semitones from the note before, length in ticks) of every note; rests are skipped.

    The first interval is 0. Repeated parts are read once, each of their endings too.
    """
    steps: list[tuple[int, int]] = []
    last: int | None = None
    for part in tune.parts:
        for bar in part.written_bars:
            for note in bar:
                if note.pitch is None:
                    continue
                steps.append((note.pitch.midi - last if last is not None else 0, ticks(note.length)))
                last = note.pitch.midi
    return steps
