"""Bars of three beats whose third asks for a chord of its own: the dominant, where the next bar is on the tonic."""

from collections.abc import Sequence
from itertools import pairwise

from model.harmony.palettes import PALETTES, Chord, Function
from model.harmony.spans import Span, Tone
from model.music.grid import units
from model.music.tune import Tune

Chosen = list[tuple[Span, Chord]]


def with_third_beats(tune: Tune, chosen: Chosen) -> Chosen:
    """`chosen`, in metres of three beats with the dominant on third beats none of whose notes is in the bar's chord.

    The dominant holds all of them and the next bar is on the tonic; where that is not so, the bar stays whole.
    """
    if tune.metre.beats != 3 or not chosen:
        return chosen
    third = 2 * units(tune.metre.length) // 3
    divided: Chosen = []
    for (span, chord), (_, following) in pairwise([*chosen, chosen[-1]]):
        divided.append((span, chord))
        tones = [tone for tone in span.tones if tone.place >= third]
        dominant = _dominant(tones, chord, tune) if tones and tones[0].place == third else None
        if dominant and following.function == Function.TONIC:
            divided.append((Span(span.bar, third, third, tuple(tones)), dominant))
    return divided


def _dominant(tones: Sequence[Tone], chord: Chord, tune: Tune) -> Chord | None:
    """The dominant that all of `tones` and no tone of `chord` belong to."""
    classes = {(tone.pitch - tune.key.tonic_class) % 12 for tone in tones}
    dominants = (other for other in PALETTES[tune.key.mode] if other.function == Function.DOMINANT)
    return next((other for other in dominants if classes <= set(other.tones) - set(chord.tones)), None)
