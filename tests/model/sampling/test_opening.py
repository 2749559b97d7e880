import time

import pytest

from model.encoding.vocabulary import Vocabulary
from model.errors import InputError
from model.music.abc_reader import parse
from model.music.key import Key
from model.music.tune import Tune
from model.network import checkpoint
from model.prompt import Prompt, parse_prompt
from model.sampling.detokenize import rules
from model.sampling.grammar import Grammar, accepts
from model.sampling.opening import opening_tokens, opening_tune


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary.from_json(checkpoint.read(checkpoint.SHIPPED).vocabulary)


def prompt_of(opening: str, key: str = "Edor", rhythm: str = "reel", transpose: bool = False) -> Prompt:
    return parse_prompt(key, rhythm, seed=1, opening=opening, transpose=transpose)


def sounding(tune: Tune) -> list[tuple[int, object]]:
    return [(note.pitch.midi, note.length) for note in tune.notes if note.pitch]


@pytest.mark.parametrize(
    ("opening", "key", "expected"),
    [
        ("K:D\nDFAd fdAF|", "G", "GBdg bgdB|"),  # up a fourth, not down a fifth
        ("K:D\nDFAd fdAF|", "A", "A,CEA cAEC|"),  # down a fourth, not up a fifth
        ("K:D\nDFAd fdAF|", "D", "DFAd fdAF|"),
        ("K:D\nDFAd fdAF|", "Db", "DFAd fdAF|"),
        ("K:D\nb2ag fdAF|", "F#", "d2cB AFCA,|"),  # up a third would leave the range
        ("K:Am\nA2^GA B^GAB|", "Dm", "d2^cd e^cde|"),
        ("K:C#\nCDEF GABc|", "Db", "DEFG ABcd|"),
        ("K:B\nBcde fgab|", "Cb", "cdef gabc'|"),
    ],
)
def test_an_opening_in_another_key_is_transposed_by_the_smallest_interval(
    opening: str, key: str, expected: str
) -> None:
    transposed = opening_tune(prompt_of(opening, key, transpose=True))
    assert transposed.key == Key.parse(key)
    wanted = parse(f"M:C|\nL:1/8\nK:{key}\n{expected}")
    assert [note.pitch for note in transposed.notes] == [note.pitch for note in wanted.notes]


@pytest.mark.parametrize("transpose", [False, True])
@pytest.mark.parametrize(("given", "key"), [("D", "D"), ("G", "Em"), ("D", "Edor"), ("Edor", "Edor")])
def test_nothing_is_transposed_where_the_notes_are_the_same(given: str, key: str, transpose: bool) -> None:
    bars = "DEFG ABcd|"
    transposed = opening_tune(prompt_of(f"K:{given}\n{bars}", key, transpose=transpose))
    assert sounding(transposed) == sounding(parse(f"M:C|\nL:1/8\nK:{key}\n{bars}"))
    assert sounding(opening_tune(prompt_of(bars, key, transpose=transpose))) == sounding(transposed)


@pytest.mark.parametrize(
    "opening",
    [
        "X:1\nT:Mine\nM:C|\nL:1/8\nK:D\nDFAd fdAF|",
        "M:4/4\nK:D\nDFAd fdAF|",
        "K:D\nDFAd fdAF|",
        "L:1/4\nK:D\nD/2F/2A/2d/2 f/2d/2A/2F/2|",
        "[K:D]DFAd fdAF|",
        "K:D DFAd fdAF|",
        "X:1 T:Mine, all mine M:C| L:1/8 K:D major DFAd fdAF|",
        "K:D\nDFAd fdAF|\n\nFrom Bob, Galway",
        " [X:1] [T:My | tune][M:C|][K:D] DFAd fdAF|",
        "[L:1/16][K:D]D2F2A2d2 f2d2A2F2|",
        "[K:D][M:4/4]DFAd fdAF|",
        "[K:D][M:C|][L:1/8]DFAd fdAF|",
        "K:D M:4/4 DFAd fdAF|",
        "K:D M:C| L:1/8 DFAd fdAF|",
        "K:Dmaj [M:4/4] DFAd fdAF|",
        "K:D\nM:4/4\nL:1/8\nDFAd fdAF|",
        "```abc\nX:1\nK:D\nDFAd fdAF|\n```",
        "```\nX: 1\nT: Mine\nM: 4/4\nL: 1/8\nK: Dmaj\nDFAd fdAF|\n```\nwhat about that?",
        "Here is one of mine:\n\nK:D\nDFAd fdAF|",
        "K:D\n“D”DFAd “A7”fdAF|",
    ],
)
def test_a_header_may_be_short_or_in_brackets(opening: str) -> None:
    assert sounding(opening_tune(prompt_of(opening, "A", transpose=True))) == sounding(
        parse("M:C|\nL:1/8\nK:A\nA,CEA cAEC|")
    )


@pytest.mark.parametrize("opening", ["[L:1/4]EBBA|", "L:1/4\nEBBA|", "T:no key\nL:1/4\nEBBA|", "M:C| L:1/4 EBBA|"])
def test_a_header_without_a_key_is_read_in_the_prompts_key(opening: str) -> None:
    assert sounding(opening_tune(prompt_of(opening))) == sounding(parse("M:C|\nL:1/4\nK:Edor\nEBBA|"))


def test_without_a_tonic_the_notes_are_what_they_are() -> None:
    tune = opening_tune(prompt_of("K:none\n^FGAB ^cdef|", "D"))
    assert (tune.key, sounding(tune)[0][0], sounding(tune)[4][0]) == (Key.parse("D"), 66, 73)


@pytest.mark.parametrize(
    ("opening", "key", "transpose", "message"),
    [
        ("K:G\nDGBd gdBG|", "D", False, r"in G; the tune is to be in D: .*transposed"),
        ("[K:G]DGBd gdBG|", "D", False, "ask to have it transposed"),
        ("K:D\nDFAd fdAF|", "Em", True, "in D; the tune is to be in Em: major cannot be transposed to minor"),
        ("K:D\nDFAd fdAF|", "Em", False, "major cannot be transposed to minor"),
        ("K:Ador\nABcd efga|", "Amix", True, "dorian cannot be transposed to mixolydian"),
        ("K:C\nG,4 b4|A4 A4|", "F", True, "bar 1 of the opening .*range"),
        ("K:C\nc4 c4|G,4 b4|", "D", True, "bar 2 of the opening .*range"),
    ],
)
def test_an_opening_that_cannot_be_transposed_is_refused_in_one_line(
    opening: str, key: str, transpose: bool, message: str
) -> None:
    with pytest.raises(InputError, match=message) as refusal:
        opening_tune(prompt_of(opening, key, transpose=transpose))
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 200


@pytest.mark.parametrize(
    ("opening", "message"),
    [
        ("ABcd e2|AB|ABcd efga|", "bar 2 of the opening is 1/4 long; a reel has 2/2 a bar"),
        ("ABcd efga|ABcd efgab2|A", "bar 2 of the opening is 5/4 long"),
        ("ABcd efga|ABcd ef|", "bar 2 of the opening is 3/4 long"),
        ("ABcd efgab2|", "bar 1 of the opening is 5/4 long"),
        ("X:1\nM:6/8\nL:1/8\nK:Edor\nABc def|", "in 6/8; a reel is in C"),
        ("[M:6/8]ABc def|", "in 6/8; a reel is in C"),
        ("A8|" * 400, "400 bars; a part has 8"),
        ("[K:Edor]" + "A8|" * 400, "400 bars; a part has 8"),
        ("ABcd efga|[CEG]8|", "bar 2 of the opening has a chord: give single notes"),
        ("M:C|\nK:Edor\nABcd efga|ABcd efga|A4[CE]4|[EG]8", "bar 3 of the opening has a chord"),
        ("[CEG]8|" * 280, "bar 1 of the opening has a chord"),
        ("ABcd efga|ABcd [K:G]efga|", "bar 2 of the opening has a key change"),
        ("ABcd efga|[M:3/4]efg|", "bar 2 of the opening has a metre change"),
        ("ABcd efga|c'8|", "bar 2 of the opening has a note outside a fiddle's range"),
        ("C,,8|", "bar 1 of the opening has a note outside a fiddle's range"),
        ("hello", "not ABC that can be read: column 1: the word 'hello' is no music: expected notes"),
        ("zzz garbage |||", "not ABC that can be read: column 5: the word 'garbage' is no music: expected notes"),
        ("ABcd efga|ABcd hA4|", "column 16: 'h' is no note, rest or decoration"),
        ("Here is one for you:", "column 1: the word 'Here' is no music"),
        ("ABcd #", "not ABC that can be read: column 6: a sharp is written before its note"),
        ("K:Edor\nABcd #", "not ABC that can be read: line 2, column 6: a sharp is written before its note"),
        ("ABcd efga|AB[cd efga|", "column 13: the \\[ of a chord without its ]"),
        ('ABcd efga|AB"cd efga|', 'column 13: a " without its closing one'),
        ("K:H\nABcd", "not ABC that can be read: line 1, column 3: unknown key 'H'"),
        ("[K:H]ABcd", "not ABC that can be read: column 4: unknown key 'H'"),
        ("K:Edor", "no notes"),
        ("[K:Edor]", "no notes"),
        ("|:ABcd efga:|", "repeats or endings"),
        ("A:|", "repeats or endings"),
        ("ABcd efga|1A8:|2A8|", "repeats or endings"),
        ("^^A7/3ABcd|", "opening"),
        ("A/2ABc|ABcd efga|", "no pickup that tunes begin with"),
    ],
)
def test_a_bad_opening_is_refused_in_one_line_that_names_the_bar(
    vocabulary: Vocabulary, opening: str, message: str
) -> None:
    started = time.perf_counter()
    with pytest.raises(InputError, match=message) as refusal:
        opening_tokens(prompt_of(opening), vocabulary)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 200
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize("key", ["G", "Edor", "F#m", "Bb", "Amix"])
@pytest.mark.parametrize(
    ("rhythm", "bars"), [("reel", "EFGA BcBA|"), ("jig", "EF|GAB ABc|"), ("jig", "g3 gfe|"), ("waltz", "B,2")]
)
def test_an_opening_is_a_path_of_its_grammar(vocabulary: Vocabulary, key: str, rhythm: str, bars: str) -> None:
    prompt = prompt_of(bars, key, rhythm)
    grammar = Grammar(vocabulary, rules(prompt, vocabulary))
    opening = opening_tokens(prompt, vocabulary)
    tokens = [*rules(prompt, vocabulary).header, "|:", "bars=8", *opening]
    assert accepts(grammar, tokens) == len(tokens)
