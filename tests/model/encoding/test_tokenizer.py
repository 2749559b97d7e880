from fractions import Fraction

import pytest

from model.corpus.build import Corpus
from model.encoding.inputs import INPUTS, LOOKBACK_BARS, PARTS, InputEncoder, part_id
from model.encoding.tokenizer import NormalizedTune, decode, encode, note_token, spelled_on_c, ticks, token_note
from model.errors import NotationError
from model.music.abc_reader import parse
from model.music.key import Key, Pitch, all_keys
from model.music.parts import parts_of
from model.music.tune import Note, transpose
from tests.model.tunes import words

TUNE = "X:1\nM:2/4\nL:1/8\nK:Ddor\n|:D|DEFG|A_Bc^d|[1A3:|[2d3|]\n|:A|(3ABc d2|z4|D2A:|"


def song(key: str = "D") -> NormalizedTune:
    tune = transpose(parse(TUNE), Key.parse(key + "dor"))
    return NormalizedTune("polka", Fraction(1, 2), "2/4", "dor", spelled_on_c(parts_of(tune), tune.key))


def test_a_tune_in_tokens() -> None:
    assert " ".join(encode(song())) == (
        "R:polka M:2/4 K:dor F:AABB"
        " |: bars=3 pickup=1 C | C D E F | G _A B ^c [1 G3 [2 c3"
        " |: bars=3 pickup=1 G | G2/3 A2/3 B2/3 c2 | z4 | C2 G |]"
    )


@pytest.mark.parametrize("key", [str(key).removesuffix("dor") for key in all_keys() if key.mode == "dor"])
def test_a_tune_has_the_same_tokens_in_every_key(key: str) -> None:
    assert encode(song(key)) == encode(song())


@pytest.mark.parametrize("key", all_keys(), ids=str)
def test_the_tonic_of_every_key_becomes_c(key: Key) -> None:
    tune = parse(f"X:1\nM:4/4\nL:1/8\nK:{key}\n{key.tonic[0]}8|]")
    (part,) = spelled_on_c(parts_of(tune), key)
    pitch = part.bars[0][0].pitch
    assert pitch is not None
    assert (pitch.step, pitch.alter) == (0, 0)


def test_tokens_spell_the_songs_they_came_from(books: Corpus) -> None:
    assert len(books.tunes) > 200
    for tune in books.tunes:
        assert decode(tune.tokens) == tune.song


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
def test_what_is_no_song_is_refused(tokens: list[str]) -> None:
    with pytest.raises(NotationError):
        decode(tokens)


def walked(tokens: list[str]) -> dict[int, InputEncoder]:
    """A cursor standing after each token, by the token's index; ids are indices."""
    cursors = {}
    for count in range(len(tokens)):
        cursor = InputEncoder()
        for index, token in enumerate(tokens[: count + 1]):
            cursor.advance(token, index)
        cursors[count] = cursor
    return cursors


def test_lookback_shows_what_stood_at_the_same_place_bars_ago() -> None:
    tokens = words("R:polka M:2/4 K:maj F:AABB |: bars=4 pickup=0 C2 D2 | E2 F2 | G2 A2 | B2 c2")
    at = walked(tokens)
    assert at[6].lookback() == (0, 0, 0, 0, 0, 0)  # the first bar has no past
    assert at[9].lookback() == (8, 0, 0, 0, 0, 0)  # before E2: C2, id 7 plus one, stood here a bar ago
    assert at[10].lookback() == (9, 0, 0, 0, 0, 0)  # before F2: D2
    assert at[12].lookback() == (11, 8, 0, 0, 0, 0)  # before G2: E2, and two bars ago C2
    assert at[3].lookback() == (0, 0, 0, 0, 0, 0)
    assert at[3].place_ids() == (0, 0)


def test_the_second_ending_stands_at_the_bar_of_the_first() -> None:
    tokens = words("R:polka M:2/4 K:maj F:AABB |: bars=2 pickup=0 C4 [1 D4 [2 E4")
    at = walked(tokens)
    first, second = at[8], at[10]
    assert second.lookback()[LOOKBACK_BARS.index(0)] == 10  # what the first ending has here: D4, id 9 plus one
    assert first.lookback()[LOOKBACK_BARS.index(0)] == 0
    assert first.lookback()[0] == second.lookback()[0] == 8
    assert (first.bar, second.bar) == (1, 1)
    assert first.place_ids()[1] != second.place_ids()[1]
    assert first.place_ids()[0] == second.place_ids()[0]


def test_runs_count_the_tokens_that_were_repeated_from_so_many_bars_before() -> None:
    tokens = words("R:polka M:2/4 K:maj F:AABB |: bars=4 pickup=0 C2 D2 | C2 D2 | C2 E2 | C2")
    ids = {token: number for number, token in enumerate(dict.fromkeys(tokens))}
    cursor, one, two = InputEncoder(), [], []
    for token in tokens:
        cursor.advance(token, ids[token])
        one.append(cursor.runs[LOOKBACK_BARS.index(1)])
        two.append(cursor.runs[LOOKBACK_BARS.index(2)])
    assert one[7:] == [0, 0, 0, 1, 2, 3, 4, 0, 1, 2]
    assert two[7:] == [0, 0, 0, 0, 0, 0, 1, 0, 1, 2]


def test_the_part_is_counted_from_the_front_and_from_the_back() -> None:
    part = words("|: bars=1 pickup=0 G4")
    cursor, seen = InputEncoder(3), []
    for token in ["R:polka", "M:2/4", "K:maj", "F:AABBCC", *part, *part, *part]:
        cursor.advance(token, 0)
        seen.append(cursor.inputs(0)[INPUTS.index("part")])
    assert seen == [2] * 4 + [2] * 4 + [4 + 1] * 4 + [8] * 4
    assert max(part_id(n, 9) for n in range(9)) < PARTS
    assert len(InputEncoder().inputs(0)) == len(INPUTS)


def test_a_pickup_completes_the_bar_that_the_part_before_left_short() -> None:
    part = words("|: bars=1 pickup=1 G | C3")
    at = walked(["R:polka", "M:2/4", "K:maj", "F:AABB", *part, *part])
    assert at[6].place_ids() == (37, 1)  # three eighths are over
    assert at[6].bar == 0
    assert (at[9].position, at[12].position) == (36, 36)
    assert at[12].bar == at[9].bar == 1
