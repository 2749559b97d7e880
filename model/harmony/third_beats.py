"""Bars of three beats whose third asks for a chord of its own: the dominant, most often, that leads to the next bar."""

from collections.abc import Sequence
from itertools import pairwise

from model.harmony.palettes import PALETTES, Chord
from model.harmony.spans import Span, Tone
from model.harmony.weights import STEPS
from model.music.grid import units
from model.music.tune import Tune

Chosen = list[tuple[Span, Chord]]


def with_third_beats(tune: Tune, chosen: Chosen) -> Chosen:
    """`chosen`, in metres of three beats with third beats apart where no note on them is a tone of the bar's chord.

    Their chord holds all their notes and leads to the chord of the next bar; where there is none, the bar stays whole.
    """
    if tune.metre.beats != 3 or not chosen:
        return chosen
    third = 2 * units(tune.metre.length) // 3
    divided: Chosen = []
    for (span, chord), (_, following) in pairwise([*chosen, chosen[-1]]):
        divided.append((span, chord))
        tones = [tone for tone in span.tones if tone.place >= third]
        leading = _leading(tones, chord, following, tune) if tones and tones[0].place == third else None
        if leading:
            divided.append((Span(span.bar, third, third, tuple(tones)), leading))
    return divided


def _leading(tones: Sequence[Tone], chord: Chord, following: Chord, tune: Tune) -> Chord | None:
    classes = {(tone.pitch - tune.key.tonic_class) % 12 for tone in tones}
    if classes & set(chord.tones):
        return None
    for other in PALETTES[tune.key.mode]:
        if classes <= set(other.tones) and (other.function, following.function) in STEPS:
            return other
    return None
