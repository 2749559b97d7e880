"""The dances the bot plays: their metre, tempo and instrument."""

from dataclasses import dataclass
from fractions import Fraction

from model.errors import InputError
from model.music.tune import Metre


@dataclass(frozen=True)
class Rhythm:
    """A dance. Sessions play it at `tempo` beats a minute, each of `beat` whole notes.

    `instrument`, a name of model.music.instruments, plays it where nobody asks for another.
    """

    name: str
    metre: Metre
    beat: Fraction
    tempo: int
    instrument: str = "fiddle"
    aliases: tuple[str, ...] = ()


RHYTHMS = {
    rhythm.name: rhythm
    for rhythm in (
        Rhythm("jig", Metre(6, 8), Fraction(3, 8), 112, aliases=("double jig", "single jig")),
        Rhythm("slip jig", Metre(9, 8), Fraction(3, 8), 108, aliases=("slipjig", "hop jig")),
        Rhythm("reel", Metre(2, 2, "C|"), Fraction(1, 2), 100),
        Rhythm("hornpipe", Metre(4, 4, "C"), Fraction(1, 2), 76, "accordion"),
        Rhythm("polka", Metre(2, 4), Fraction(1, 4), 124, instrument="accordion"),
        Rhythm("waltz", Metre(3, 4), Fraction(1, 4), 144, instrument="accordion"),
        Rhythm("march", Metre(2, 4), Fraction(1, 4), 104, instrument="accordion", aliases=("quickstep",)),
        Rhythm("strathspey", Metre(4, 4, "C"), Fraction(1, 4), 124),
        Rhythm("air", Metre(3, 4), Fraction(1, 4), 76, aliases=("song air", "slow air")),
    )
}


def usual(name: str, metre: Metre) -> Rhythm:
    """The rhythm of this name; for an unknown one 120 quarters a minute, in `metre`'s beats, on the fiddle."""
    try:
        return named(name)
    except InputError:
        beat = Fraction(3, metre.unit) if metre.compound else Fraction(1, 4)
        return Rhythm("", metre, beat, int(120 * Fraction(1, 4) / beat))


def named(text: str) -> Rhythm:
    """The rhythm of this name or alias. Raises InputError, which lists the rhythms, for any other text."""
    wanted = " ".join(text.lower().replace("-", " ").replace("_", " ").split())
    for rhythm in RHYTHMS.values():
        names = (rhythm.name, *rhythm.aliases)
        if wanted in names or wanted.removesuffix("s") in names:
            return rhythm
    raise InputError(f"unknown rhythm {text[:20]!r}: there are {', '.join(RHYTHMS)}")
