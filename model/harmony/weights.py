"""What the harmoniser's choice weighs."""

from dataclasses import dataclass

from model.harmony.palettes import Function


@dataclass(frozen=True)
class Weights:
    """Log odds. Those of fit count for the share of its span that a note takes, `first` whatever it takes."""

    # how a note fits
    tone: float = 2.3  # it is a tone of the chord
    beat: float = 3.0  # besides, it begins on a beat inside the span
    first: float = 1.4  # besides, it sounds at the span's start
    leap: float = 0.6  # besides, for each side on which a leap joins it to its neighbour
    seventh: float = 0.45  # the minor seventh counts as this much of a tone
    # what the chord is
    tonic: float = 0.4
    rare: float = -0.4
    # where it falls
    close: float = 1.8  # tonic or dominant on the last span of a part
    approach: float = 1.1  # dominant before that
    half_close: float = 1.6  # dominant on the last span of every fourth bar inside a part
    opening: float = 1.4  # tonic at the beginning of a part
    # what it follows
    stay: float = 1.3  # the same chord over a bar line
    stay_within: float = 3.0  # the same chord inside a bar
    dominant_tonic: float = 3.2
    dominant_colour: float = 1.7
    subdominant_tonic: float = 2.8
    subdominant_dominant: float = 1.7
    supertonic_dominant: float = 1.7
    colour_supertonic: float = 0.9


WEIGHTS = Weights()
STEPS = {  # what it is worth that a chord of the second function follows one of the first; of others, nothing
    (Function.DOMINANT, Function.TONIC): WEIGHTS.dominant_tonic,
    (Function.DOMINANT, Function.COLOUR): WEIGHTS.dominant_colour,
    (Function.SUBDOMINANT, Function.TONIC): WEIGHTS.subdominant_tonic,
    (Function.SUBDOMINANT, Function.DOMINANT): WEIGHTS.subdominant_dominant,
    (Function.SUPERTONIC, Function.DOMINANT): WEIGHTS.supertonic_dominant,
    (Function.COLOUR, Function.SUPERTONIC): WEIGHTS.colour_supertonic,
}
