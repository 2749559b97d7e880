"""Decorations by name: the standard's (ABC 2.1, section 4.14), and common ones of abcm2ps, abc2svg, abcjs, abc2midi.

Tunesmith leaves all of them out. The names tell a decoration from a word that stands between exclamation marks.
"""

_STANDARD = """
    trill trill( trill) lowermordent uppermordent mordent pralltriller roll turn turnx invertedturn invertedturnx
    arpeggio > accent emphasis fermata invertedfermata tenuto 0 1 2 3 4 5 + plus snap slide wedge upbow downbow open
    thumb breath pppp ppp pp p mp mf f ff fff ffff sfz crescendo( <( crescendo) <) diminuendo( >( diminuendo) >) segno
    coda D.S. D.C. dacoda dacapo fine shortphrase mediumphrase longphrase
"""
_COMMON = """
    dot gmark staccato irishroll tr trillh trill1 ^ marcato umarcato mark editorial courtesy nil sfp sf fp
    D.C.alcoda D.C.alfine D.S.alcoda D.S.alfine dalsegno tocoda invisible stemless rbstop rbend xstem beamon beambr1
    beambr2 beam-accel beam-rall trem1 trem2 trem3 trem4 / // /// //// -( -) ~( ~) glissando( glissando) 8va( 8va)
    8vb( 8vb) 15ma( 15ma) 15mb( 15mb) ped ped-up ped( ped) ped-end caesura short tick tie( tie) style=normal
    style=harmonic style=rhythm style=x style=triangle cresc dim < <. repeatbar repeatbar2
"""
_NAMES = frozenset((_STANDARD + _COMMON).split())
_SIGNS = frozenset(name.lower() for name in _NAMES if len(name) > 3)
SHIFTING = frozenset({"8va(", "8vb(", "15ma(", "15mb("})
"""What is played in another octave than it is written in."""

LETTERS = frozenset(".~HJLMOPRSTuv")
"""Characters that are decorations unless `U:` says otherwise: the standard's, and J and R of abcm2ps and abcjs."""


def is_known(name: str) -> bool:
    """Whether programs that read ABC know a decoration of this name; `To Coda` and `D.C. al Fine` have spaces."""
    return name in _NAMES or "".join(name.lower().split()) in _SIGNS
