"""music21 as a reader of ABC: whether it parses a tune into measures as long as its metre says."""

import re
import warnings
from collections.abc import Sequence
from contextlib import redirect_stderr
from fractions import Fraction
from io import StringIO

from model.evaluation.bar_lengths import uneven_bars

_ABSURD = re.compile(r"^M:.*\d{4}", re.MULTILINE)  # music21 would compute every beat of it


def music21_faults(texts: Sequence[str]) -> list[str]:
    """For each tune music21's exception, or how its measures do not add up as played; empty for neither."""
    with warnings.catch_warnings(), redirect_stderr(StringIO()):  # it prints about odd characters too
        warnings.simplefilter("ignore")
        return [_fault(text) for text in texts]


def _fault(text: str) -> str:
    from music21 import meter, stream
    from music21.converter.subConverters import ConverterABC

    if _ABSURD.search(text):
        return "a metre of thousands of beats"
    try:
        converter = ConverterABC()
        converter.parseData(text)
        score = converter.stream
        part = score.parts[0] if isinstance(score, stream.Score) and score.parts else None
        metre = part.recurse().getElementsByClass(meter.TimeSignature).first() if part else None
        if part is None or metre is None:
            return "no part with a metre"
        if not part.hasMeasures():  # music21 makes none of a bar or two
            return "no measures"
        measures = list(part.expandRepeats().getElementsByClass(stream.Measure))
    except Exception as error:  # music21 refuses text with errors of its own and with Python's, of any kind
        return f"{type(error).__name__}: {error}".splitlines()[0]
    lengths = [Fraction(measure.duration.quarterLength).limit_denominator(960) / 4 for measure in measures]
    return uneven_bars(lengths, Fraction(metre.barDuration.quarterLength) / 4)
