from fractions import Fraction

import pytest

from model.corpus.build import Corpus
from model.encoding.tokenizer import NormalizedTune, decode, encode, note_token, spelled_on_c, ticks, token_note
from model.errors import NotationError
from model.music.abc_reader import parse
from model.music.key import Key, Pitch, all_keys
from model.music.parts import parts_of
from model.music.tune import Note, transpose
from tests.model.tunes import words

TUNE = "X:1\nM:2/4\nL:1/8\nK:Ddor\n|:D|DEFG|A_Bc^d|[1A3:|[2d3|]\n|:A|(3ABc d2|z4|D2A:|"


def normalized(key: str = "D") -> NormalizedTune:
    tune = transpose(parse(TUNE), Key.parse(key + "dor"))
    return NormalizedTune("polka", Fraction(1, 2), "2/4", "dor", spelled_on_c(parts_of(tune), tune.key))


def test_a_tune_in_tokens() -> None:
    assert " ".join(encode(normalized())) == (
        "R:polka M:2/4 K:dor F:AABB"
        " |: bars=3 pickup=1 C | C D E F | G _A B ^c [1 G3 [2 c3"
        " |: bars=3 pickup=1 G | G2/3 A2/3 B2/3 c2 | z4 | C2 G |]"
    )


@pytest.mark.parametrize("key", [str(key).removesuffix("dor") for key in all_keys() if key.mode == "dor"])
def test_a_tune_has_the_same_tokens_in_every_key(key: str) -> None:
    assert encode(normalized(key)) == encode(normalized())


@pytest.mark.parametrize("key", all_keys(), ids=str)
def test_the_tonic_of_every_key_becomes_c(key: Key) -> None:
    tune = parse(f"X:1\nM:4/4\nL:1/8\nK:{key}\n{key.tonic[0]}8|]")
    (part,) = spelled_on_c(parts_of(tune), key)
    pitch = part.bars[0][0].pitch
    assert pitch is not None
    assert (pitch.step, pitch.alter) == (0, 0)


def test_decoding_gives_the_tune_that_was_encoded(books: Corpus) -> None:
    assert len(books.tunes) > 200
    for tune in books.tunes:
        assert decode(tune.tokens) == tune.normalized


def test_tied_notes_become_one_and_ties_over_bar_lines_are_dropped() -> None:
    tune = parse("X:1\nM:4/4\nL:1/8\nK:C\nC4-C4|D8-|D8|]")
    tokens = encode(NormalizedTune("air", Fraction(1), "4/4", "", spelled_on_c(parts_of(tune), tune.key)))
    assert [token.upper() for token in tokens[7:]] == ["C8", "|", "D8", "|", "D8", "|]"]


@pytest.mark.parametrize("length", [Fraction(1, 5), Fraction(1, 64), Fraction(1, 9), Fraction(1, 7)])
def test_lengths_that_ticks_do_not_divide_are_refused(length: Fraction) -> None:
    with pytest.raises(NotationError, match="only plain lengths and triplets"):
        ticks(length)


def test_ticks() -> None:
    assert [ticks(Fraction(text)) for text in ("1", "1/8", "1/12", "1/32", "3/2")] == [96, 12, 8, 3, 144]


def test_a_note_far_outside_the_scale_is_refused() -> None:
    with pytest.raises(NotationError, match="far outside"):
        note_token(Note(Pitch(6, -4, 4), Fraction(1, 8)), Key(0, 0, ""))


def test_only_notes_are_notes() -> None:
    key = Key(0, 0, "")
    assert token_note("_e'3/2", key) == Note(Pitch(2, -1, 6), Fraction(3, 16))
    for token in ("|", "|:", "[|", "[1", "|]", "bars=8", "pickup=1", "R:reel", "K:dor", "F:AABB", "M:4/4"):
        assert token_note(token, key) is None


@pytest.mark.parametrize(
    "tokens",
    [[], ["R:reel"], ["C", "D", "E", "F"], ["R:jig", "M:x", "K:maj", "F:AB", "[|"], words("R:jig M:6/8 K:maj F:AB |:")],
)
def test_tokens_that_spell_no_tune_are_refused(tokens: list[str]) -> None:
    with pytest.raises(NotationError):
        decode(tokens)
