"""How each dance is accompanied: patterns of a bar for guitar, bass and bodhrán.

A pattern has a sign for each eighth of the bar, "." for none. Guitar: `B` a bass string, `b` another, `D` a chord, `d`
a lighter one, `u` an upstroke on the high strings, `1` to `3` the strings of a picked chord. Bass: `r` root, `f` fifth,
`n` a step towards the next root. Bodhrán: `X` accent, `x` stroke, `o` light stroke.

Each player has a pattern for most bars, one for the second time through, and one that turns into the next phrase, every
fourth bar.
"""

from typing import NamedTuple

from model.errors import InputError
from model.music.rhythm import named
from model.music.tune import Tune


class Patterns(NamedTuple):
    """One player's bars: usually, when a part is played again, and at the end of each phrase."""

    first: str
    again: str
    turn: str


class Dance(NamedTuple):
    """How a dance is played. `swing` is that of bot.render.performance.swing; without `drum` there is none.

    `accents` say by how much, in MIDI velocity, the notes at each eighth of the bar are louder than the softest.
    """

    swing: tuple[int, ...]
    accents: str
    guitar: Patterns
    bass: Patterns
    drum: Patterns | None


DANCES = {
    "jig": Dance(
        (370, 660),
        "913513",
        Patterns("D.uD.u", "D.uDdu", "DudD.u"),
        Patterns("r..f..", "r..f.f", "r..f.n"),
        Patterns("XoxXox", "XoxxoX", "XooXoX"),
    ),
    "slip jig": Dance(
        (370, 660),
        "913513513",
        Patterns("D.uD.uD.u", "D.uDduD.u", "D.uD.uDdu"),
        Patterns("r..f..r..", "r..r..f..", "r..f..r.n"),
        Patterns("XoxxoxXox", "XoxXoxxoX", "XoxxoXXoX"),
    ),
    "reel": Dance(
        (540,),
        "91416141",
        Patterns("B.D.b.D.", "B.Dub.D.", "B.D.bdDu"),
        Patterns("r...f...", "r...f.f.", "r...f.n."),
        Patterns("XoxoXoxo", "XoxxXoxo", "XooXoXox"),
    ),
    "hornpipe": Dance(
        (630,),
        "91526152",
        Patterns("B.D.b.D.", "B.D.b.Du", "B.D.bdDu"),
        Patterns("r...f...", "r...f.f.", "r...f.n."),
        Patterns("X.x.X.xo", "X.xoX.xo", "X.xoXoxo"),
    ),
    "polka": Dance(
        (510,),
        "9462",
        Patterns("BDbD", "BDbD", "BDDD"),
        Patterns("r.f.", "r.f.", "r.n."),
        Patterns("XxXx", "XxXo", "XxXX"),
    ),
    "waltz": Dance(
        (520,),
        "914131",
        Patterns("B.D.D.", "B.D.Du", "B.DuDu"),
        Patterns("r.....", "r...f.", "r...n."),
        Patterns("X.o.o.", "X.o.oo", "X.o.x."),
    ),
    "march": Dance(
        (515,),
        "9462",
        Patterns("BDbD", "BDbD", "BDDD"),
        Patterns("r.f.", "r.f.", "r.n."),
        Patterns("Xxxx", "XoXx", "XoXX"),
    ),
    "strathspey": Dance(
        (500,),
        "92718271",
        Patterns("B.D.b.D.", "D.D.D.D.", "B.D.bDDD"),
        Patterns("r...f...", "r.r.f.f.", "r...f.n."),
        Patterns("X.x.X.x.", "X.x.X.xo", "X.x.Xoxo"),
    ),
    "air": Dance(
        (500,),
        "713141",
        Patterns("B.1.2.", "B12321", "B.1.D."),
        Patterns("r.....", "r.....", "r...n."),
        None,
    ),
}
_BY_LENGTH = {4: "polka", 6: "jig", 8: "reel", 9: "slip jig"}  # eighths of a bar


def dance_of(tune: Tune) -> Dance:
    """How `tune` is played: as its rhythm, or as the dance of its metre where that has other bars or is not known."""
    eighths = max(1, round(tune.metre.length * 8))
    try:
        dance = DANCES[named(tune.rhythm).name]
    except InputError:
        dance = None
    if dance and len(dance.accents) == eighths:
        return dance
    if dance and dance.drum is None:
        return _plain(eighths)._replace(drum=None)
    if eighths == 6 and not tune.metre.compound:
        return DANCES["waltz"]
    return DANCES[_BY_LENGTH[eighths]] if eighths in _BY_LENGTH else _plain(eighths)


def _plain(eighths: int) -> Dance:
    """A bar of any length: the bass, then a chord on each quarter."""
    guitar = ("B" + ".D" * eighths)[:eighths]
    bass = "r" + "." * (eighths - 1)
    drum = ("X" + ".x" * eighths)[:eighths]
    accents = ("8" + "14" * eighths)[:eighths]
    return Dance(
        (500,), accents, Patterns(guitar, guitar, guitar), Patterns(bass, bass, bass), Patterns(drum, drum, drum)
    )
