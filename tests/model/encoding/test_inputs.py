"""The network's inputs, token by token, as training and scoring compute them."""

import pytest

from model.encoding.inputs import (
    CANDIDATES,
    GROUPS,
    INPUTS,
    LOOKBACK_BARS,
    PHRASES,
    PLANS,
    InputEncoder,
    columns_of,
    input_sizes,
    part_id,
    place_id,
    position_id,
)
from model.encoding.tokenizer import BARS_SEEN, LONGEST_BAR
from model.encoding.vocabulary import Vocabulary
from tests.model.tunes import words


class After:
    """What an encoder gives and knows after some tokens, each with its index as its id."""

    def __init__(self, tokens: list[str], parts: int = 0) -> None:
        self.encoder = InputEncoder(Vocabulary("notes", tuple(tokens)), parts)
        *_, ids = (self.encoder.read(token, index) for index, token in enumerate(tokens))
        self.inputs: dict[str, int] = dict(zip(INPUTS, ids, strict=True))
        self.lookback = tuple(self.inputs[f"back {bars}"] for bars in LOOKBACK_BARS)


def after_each(tokens: list[str]) -> list[After]:
    return [After(tokens[: count + 1]) for count in range(len(tokens))]


def test_inputs_are_in_the_order_that_checkpoints_without_names_were_trained_with() -> None:
    assert INPUTS[:8] == ("token", "position", "place", "back 1", "back 2", "back 4", "back 8", "back 0")
    assert columns_of(["motion", "token"]) == [len(INPUTS) - 1, 0]


def test_an_encoder_gives_the_inputs_that_are_wanted_in_their_order() -> None:
    tokens = words("R:polka M:2/4 K:maj F:AB [| bars=2 pickup=0 C4 | D4 | [| bars=2 pickup=0 E4")
    known = Vocabulary("notes", tuple(tokens))
    every, some = InputEncoder(known, 2, (5, 6)), InputEncoder(known, 2, (5, 6), ("plan", "token", "back 1"))
    for index, token in enumerate(tokens):
        given = dict(zip(INPUTS, every.read(token, index), strict=True))
        assert some.read(token, index) == (given["plan"], given["token"], given["back 1"])


def test_lookback_shows_what_began_at_the_same_position_bars_ago() -> None:
    tokens = words("R:polka M:2/4 K:maj F:AABB |: bars=4 pickup=0 C2 D2 | E2 F2 | G2 A2 | B2 c2")
    at = after_each(tokens)
    assert at[6].lookback == (0, 0, 0, 0, 0, 0)  # the first bar has no past
    assert at[9].lookback == (8, 0, 0, 0, 0, 0)  # before E2: C2, id 7 plus one, began here a bar ago
    assert at[10].lookback == (9, 0, 0, 0, 0, 0)  # before F2: D2
    assert at[12].lookback == (11, 8, 0, 0, 0, 0)  # before G2: E2, and two bars ago C2
    assert at[3].lookback == (0, 0, 0, 0, 0, 0)
    assert (at[3].inputs["position"], at[3].inputs["place"]) == (0, 0)


def test_the_second_ending_stands_at_the_bar_of_the_first() -> None:
    tokens = words("R:polka M:2/4 K:maj F:AABB |: bars=2 pickup=0 C4 [1 D4 [2 E4")
    at = after_each(tokens)
    first, second = at[8], at[10]
    assert second.inputs["back 0"] == 10  # what the first ending has here: D4, id 9 plus one
    assert first.inputs["back 0"] == 0
    assert first.inputs["back 1"] == second.inputs["back 1"] == 8
    assert (first.encoder.bar, second.encoder.bar) == (1, 1)
    assert first.inputs["place"] != second.inputs["place"]
    assert first.inputs["position"] == second.inputs["position"]


def test_runs_count_the_tokens_that_were_repeated_from_so_many_bars_before() -> None:
    tokens = words("R:polka M:2/4 K:maj F:AABB |: bars=4 pickup=0 C2 D2 | C2 D2 | C2 E2 | C2")
    ids = {token: number for number, token in enumerate(dict.fromkeys(tokens))}
    encoder, one, two = InputEncoder(Vocabulary("notes", tuple(ids))), [], []
    for token in tokens:
        given = dict(zip(INPUTS, encoder.read(token, ids[token]), strict=True))
        one.append(given["run 1"])
        two.append(given["run 2"])
    assert one[7:] == [0, 0, 0, 1, 2, 3, 4, 0, 1, 2]
    assert two[7:] == [0, 0, 0, 0, 0, 0, 1, 0, 1, 2]


def test_the_part_is_counted_from_the_front_and_from_the_back() -> None:
    part = words("|: bars=1 pickup=0 G4")
    tokens = ["R:polka", "M:2/4", "K:maj", "F:AABBCC", *part, *part, *part]
    encoder, seen = InputEncoder(Vocabulary("notes", tuple(tokens)), 3, inputs=("part",)), list[int]()
    for token in tokens:
        seen += encoder.read(token, 0)
    assert seen == [2] * 4 + [2] * 4 + [4 + 1] * 4 + [8] * 4


def test_a_part_sees_its_own_plan_from_its_first_token_on() -> None:
    part = words("|: bars=1 pickup=0 G4")
    tokens = ["R:polka", "M:2/4", "K:maj", "F:AABB", *part, *part]
    plans = (7 + PLANS * (2 + PHRASES), 9)
    encoder = InputEncoder(Vocabulary("notes", tuple(tokens)), 2, plans, ("plan", "phrase", "motion"))
    seen = [encoder.read(token, 0) for token in tokens]
    assert seen == [(0, 0, 0)] * 4 + [(7, 2, 1)] * 4 + [(9, 0, 0)] * 4


def test_a_pickup_completes_the_bar_that_the_part_before_left_short() -> None:
    part = words("|: bars=1 pickup=1 G | C3")
    at = after_each(["R:polka", "M:2/4", "K:maj", "F:AABB", *part, *part])
    assert (at[6].inputs["position"], at[6].inputs["place"]) == (37, 1)  # three eighths are over
    assert at[6].encoder.bar == 0
    assert at[9].inputs["position"] == at[12].inputs["position"] == 37
    assert at[12].encoder.bar == at[9].encoder.bar == 1


@pytest.mark.parametrize(
    ("group", "largest"),
    [
        ("position", position_id(9999)),
        ("position", position_id(LONGEST_BAR)),
        ("place", place_id(BARS_SEEN + 9, 2)),
        ("part", max(part_id(n, parts) for parts in range(12) for n in range(parts))),
    ],
)
def test_ids_are_below_the_size_of_their_group(group: str, largest: int) -> None:
    assert GROUPS[group].ids == largest + 1


def test_lookback_takes_ids_of_tokens_and_one_for_none() -> None:
    known = Vocabulary("notes", ("a", "b", "c"))
    assert input_sizes(known, ("back 4", "token", "run 0")) == (4, 3, 16)


def shown(tokens: list[str], back: str, more: str = "") -> str:
    """The note that goes on with the shape of so far `back`; `more` are notes that the vocabulary has besides."""
    known = Vocabulary("notes", tuple(dict.fromkeys([*tokens, *words(more)])))
    encoder = InputEncoder(known)
    for token in tokens:
        encoder.read(token, known.ids[token])
    candidate = encoder.candidates()[CANDIDATES.index(f"shape {back}")]
    return known.tokens[candidate - 1] if candidate else ""


REEL = words("R:reel M:4/4 K:dor F:AABB |: bars=4 pickup=0")


def test_a_shape_is_what_stood_a_bar_ago_moved_along_the_scale() -> None:
    bar = words("C2 E2 D2 F2 |")
    assert shown([*REEL, *bar, *words("D2")], "bar", "F2") == "F2"  # up two lines, as from C to E
    assert shown([*REEL, *bar, *words("D2 F2 E2")], "bar", "G2") == "G2"
    assert shown([*REEL, *bar, *words("D2 F2 E2")], "bar") == ""  # the vocabulary lacks the note
    assert shown([*REEL, *bar, *words("C2 E2")], "bar") == ""  # not moved: lookback shows D2
    assert shown([*REEL, *words("C2 ^E2 D2 F2 | D2")], "bar", "F2") == "F2"  # accidentals are left out
    assert shown([*REEL, *words("z2 E2 D2 F2 |")], "bar", "F2") == ""  # a rest moves by nothing


def test_shapes_lie_a_beat_or_two_back_and_over_the_bar_line() -> None:
    assert shown([*REEL, *words("C E D")], "beat", "F") == "F"
    assert shown([*REEL, *words("C E G F D")], "two beats", "F") == "F"
    assert shown([*REEL, *words("C E D F E G F A | G")], "beat", "B") == "B"
    assert shown([*REEL, *words("C E D F E G F A")], "beat", "B") == ""  # the bar is full: a line comes


def test_a_bar_line_does_not_end_a_run_of_a_shape() -> None:
    tokens = [*REEL, *words("C E D F E G F A | G B A c")]
    known = Vocabulary("notes", tuple(dict.fromkeys(tokens)))
    encoder, runs = InputEncoder(known, inputs=("run beat",)), list[int]()
    for token in tokens:
        runs += encoder.read(token, known.ids[token])
    assert runs[7:] == [0, 0, 0, 1, 2, 3, 4, 5, 5, 6, 7, 8, 9]


def test_rhythm_and_mode_are_told_once_they_are_read() -> None:
    known = Vocabulary("notes", tuple(REEL))
    encoder = InputEncoder(known, inputs=("rhythm", "mode"))
    assert [encoder.read(token, known.ids[token]) for token in REEL] == [(1, 0), (1, 0), *[(1, 3)] * 5]
