import pytest

from model.corpus.build import Corpus
from model.corpus.rhythms import metre_group, rhythm_of
from model.music.abc_reader import parse

REEL = "|:dAFA DAFA|dAFA BGEG|dAFA DAFA|GBEG FDD2:|\n|:fdAd fdad|gece gebe|fdAd fdad|gece edd2:|"
HORNPIPE = (
    "|:A>G|F>DA>F d>Af>d|e>cA>c e>gf>e|d>fe>d c>ed>c|B2 d2 d2:|\n|:d>e|f>df>a g>eg>b|a>fd>f e2c2|d>cB>A G>FE>D|d2F2D2:|"
)
JIG = "|:dFA dFA|GBd cAF|dFA dFA|GEC D3:|\n|:fdf ece|dcd BAF|GBd cAF|GEC D3:|"
AIR = "|:d4 c2|B4 A2|F4 A2|d6|d4 e2|f4 e2|d4 B2|A6:|"
STRATHSPEY = (
    "|:d<d A>F D>EF<A|d<d f>d e>dB<e|d<d A>F D>EF<A|G<B A>c d2D2:|"
    "|:f<a e>c d>AF<A|B<d c>A B>GE<E|f<a e>c d>AF<A|G<B A>c d2D2:|"
)


@pytest.mark.parametrize(
    ("metre", "music", "rhythm"),
    [
        ("C|", REEL, "reel"),
        ("4/4", HORNPIPE, "hornpipe"),
        ("C", STRATHSPEY, "strathspey"),
        ("6/8", JIG, "jig"),
        ("3/4", AIR, "air"),
        ("9/8", "dFA dFA dFA|GBd cAF D3|", "slip jig"),
        ("12/8", "dFA dFA dFA d3|", "slide"),
        ("3/2", "dFAd FAdF Ad2A|", "other"),
        ("none", "dFAd FAdF Ad2A|", "other"),
        ("4/4", "z8|z8|", "air"),
    ],
)
def test_the_rhythm_is_inferred_from_metre_notes_and_phrases(metre: str, music: str, rhythm: str) -> None:
    text = f"X:1\nM:{metre}\nL:1/8\nK:D\n{music}"
    assert rhythm_of(parse(text), text) == (rhythm, "inferred")


def test_the_rhythm_of_most_labelled_tunes_is_inferred_with_the_label_hidden(books: Corpus) -> None:
    right = labelled = 0
    for tune in books.tunes:
        if tune.rhythm_from != "inferred" and tune.normalized.rhythm != "other":
            silent = "\n".join(line for line in tune.text.splitlines() if not line.startswith(("R:", "T:", "Z:")))
            inferred, origin = rhythm_of(parse(silent), silent)
            assert origin == "inferred"
            labelled += 1
            right += inferred == tune.normalized.rhythm
    assert labelled > 100
    assert right / labelled > 0.8


@pytest.mark.parametrize(
    ("metre", "group"),
    [("C", "4/4"), ("C|", "4/4"), ("2/2", "4/4"), ("3/8", "3/4"), ("6/8", "6/8"), ("6/4", ""), ("none", "none")],
)
def test_metres_that_dances_share_are_one_group(metre: str, group: str) -> None:
    assert metre_group(parse(f"X:1\nM:{metre}\nK:D\nDFA|")) == group


@pytest.mark.parametrize(
    ("title", "rhythm"),
    [("The Highland Fling", "strathspey"), ("Planxty Irwin", "air"), ("A Mazurka", "other"), ("Barndance", "other")],
)
def test_dances_of_other_names_have_the_nearest_rhythm(title: str, rhythm: str) -> None:
    text = f"X:1\nT:{title}\nM:4/4\nK:D\nDFA|"
    assert rhythm_of(parse(text), text) == (rhythm, "title")
