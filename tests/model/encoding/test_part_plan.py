import json
from collections import Counter
from math import log2

import numpy as np
import pytest

from model.encoding.examples import inputs_and_targets
from model.encoding.inputs import INPUTS, PLANS
from model.encoding.part_plan import PRIOR_TUNES, Plan, Plans, plans_of
from model.encoding.tokenizer import NormalizedTune, encode, spelled_on_c
from model.encoding.vocabulary import Vocabulary
from model.errors import CheckpointError
from model.music.abc_reader import parse
from model.music.parts import parts_of

A = "|:CDEF GABc|dcBA GFED|CDEF GABc|dcBA G4|CDEF GABc|dBGB AGFE|CDEF GABc|dcBA GFE{}:|"
ENDING_ALIKE = "|:gfed cBAG|FEDC B,CDE|gfed cBAG|FEDC B,CD2|gaba gfed|cdcB AGAB|CDEF GABc|dcBA GFE{}:|"
OTHER = "|:gfed cBAG|FEDC B,CDE|gfed cBAG|FEDC B,CD2|gaba gfed|cdcB AGAB|cBAG FEDE|FGAB cdc{}:|"


def normalized(*parts: str, rhythm: str = "reel") -> NormalizedTune:
    tune = parse("X:1\nM:4/4\nL:1/8\nK:C\n" + "\n".join(parts))
    return NormalizedTune(rhythm, tune.metre.length, "4/4", "", spelled_on_c(parts_of(tune), tune.key))


def brief(tune: NormalizedTune) -> tuple[Plan, ...]:
    """Its plans without where bars return and whether there are sequences."""
    return tuple(plan._replace(phrase=0, motion=0) for plan in plans_of(tune.parts))


def only(*bars: str) -> Plan:
    """The plan of the part of these bars."""
    return plans_of(normalized("|:" + "|".join(bars) + ":|").parts)[0]


def test_a_plan_has_the_end_of_a_part_its_likeness_to_the_first_and_what_returns() -> None:
    first, alike, other = A.format("C"), ENDING_ALIKE.format("C"), OTHER.format("C")
    assert brief(normalized(first, alike)) == (Plan(True, 0, 2), Plan(True, 2, 0))  # two bars of four
    assert brief(normalized(first, other))[1] == Plan(True, 0, 0)
    assert brief(normalized(first, first))[1] == Plan(True, 3, 2)
    assert brief(normalized(A.format("D"), ENDING_ALIKE.format("C"))) == (Plan(False, 0, 2), Plan(True, 0, 0))


def test_endings_count_as_they_sound_the_last_time() -> None:
    part = "|:CDEF GABc|dcBA GFED|CDEF GABc|[1 dcBA GFED:|[2 dcBA GFEC|]"
    assert brief(normalized(part)) == (Plan(True, 0, 2),)  # the fourth bar is another than the second now


def test_a_plan_says_which_quarters_return() -> None:
    one, two, three, four = "CDEF GABc", "dcBA GFED", "gfed cBAG", "FEDC B,CDC"
    assert only(one, two, three, one, one, two, one, four).phrase == 1 + 2  # all of the first quarter
    assert only(one, two, three, one, one, four, one, four).phrase == 1 + 1
    assert only(one, two, three, four, two, one, three, four).phrase == 1 + 3 * 2  # all of the second
    assert only(one, two, three, four, one, two, three, four).phrase == 1 + 2 + 3 * 2
    assert only(one, two, three, four).phrase == 1
    assert only(one, two, one, three).phrase == 1 + 2


def test_a_plan_says_whether_a_part_moves_by_sequences() -> None:
    assert only("CEDF G2c2", "DFEG A2d2", "c4 G4", "E4 C4").motion == 3
    assert only("CEDF G2c2", "c4 G4", "DFEG A2d2", "E4 C4").motion == 3  # two bars ago
    assert only("CEDF DFEG", "cAGF BGFE", "c4 G4", "E4 C4").motion == 2
    assert only("CEDF DFEG", "c4 G4", "E4 G4", "E4 C4").motion == 1


def test_ids_are_unique_and_come_back() -> None:
    short = [Plan(closes, rhyme, back) for closes in (False, True) for rhyme in range(4) for back in range(4)]
    assert sorted(plan.id for plan in short) == list(range(1, PLANS))
    plans = [
        plan._replace(phrase=phrase, motion=motion) for plan in short for phrase in range(10) for motion in range(4)
    ]
    assert len({plan.id for plan in plans}) == len(plans)
    assert [Plan.of_id(plan.id) for plan in plans] == plans


def test_the_network_sees_each_part_with_its_plan_and_the_header_with_none() -> None:
    tokens = encode(normalized(A.format("C"), ENDING_ALIKE.format("C")))
    inputs, _ = inputs_and_targets(tokens, Vocabulary("notes", tuple(dict.fromkeys(tokens))))
    seen = inputs[:, [INPUTS.index(name) for name in ("plan", "phrase", "motion")]].tolist()
    second = tokens.index("|:", 6)
    plans = plans_of(normalized(A.format("C"), ENDING_ALIKE.format("C")).parts)
    first, last = ([plan.id % PLANS, plan.phrase, plan.motion] for plan in plans)
    assert seen == [[0] * 3] * 4 + [first] * (second - 4) + [last] * (len(tokens) - 1 - second)


def test_plans_are_drawn_as_often_as_the_books_have_them_and_always_close() -> None:
    alike, other = normalized(A.format("C"), ENDING_ALIKE.format("C")), normalized(A.format("C"), OTHER.format("C"))
    books = Plans.of([alike] * 30 + [other] * 10 + [normalized(A.format("C"), OTHER.format("D"))] * 99)
    books = Plans.from_facts({"plans": json.loads(json.dumps(books.to_json()))})
    drawn = Counter(books.draw("reel", 2, i / 100) for i in range(100))
    assert drawn == {plans_of(alike.parts): 75, plans_of(other.parts): 25}


def test_rhythms_with_few_tunes_or_none_have_the_plans_of_all() -> None:
    reels = [normalized(A.format("C"), OTHER.format("C"))] * 30
    jigs = [normalized(A.format("C"), ENDING_ALIKE.format("C"), rhythm="jig")] * 2
    books = Plans.of(reels + jigs)
    for rhythm in ("jig", "polka"):
        assert {books.draw(rhythm, 2, i / 32) for i in range(32)} == {
            plans_of(one.parts) for one in (reels[0], jigs[0])
        }
    assert books.draw("reel", 3, 0.5) == () == Plans({}).draw("reel", 2, 0.5)


def test_the_bits_of_plans_are_their_smoothed_probability() -> None:
    alike, other = normalized(A.format("C"), ENDING_ALIKE.format("C")), normalized(A.format("C"), OTHER.format("C"))
    books = Plans.of([alike] * 30 + [other] * 10)
    # 40 first parts are alike; what was seldom seen is as probable as what it says, each alone
    first = (40 + PRIOR_TUNES * (40 + 1) / (40 + 8) * (40 + 1) / (40 + 40) * (40 + 1) / (40 + 4)) / (40 + PRIOR_TUNES)
    ends, returns, sequences = (30 + 1) / (40 + 8), (40 + 1) / (40 + 40), (40 + 1) / (40 + 4)
    later = (30 + PRIOR_TUNES * ends * returns * sequences) / (40 + PRIOR_TUNES)
    assert books.bits(alike) == pytest.approx(-log2((30 + PRIOR_TUNES * first * later) / (40 + PRIOR_TUNES)))
    new = normalized(OTHER.format("D"), A.format("C"))
    assert books.bits(alike) < books.bits(other) < books.bits(new) < 25
    assert Plans({}).bits(alike) == 0
    assert sum(2 ** -books.bits(tune) for tune in (alike, other)) < 1


def test_preferred_plans_become_more_frequent() -> None:
    alike, other = normalized(A.format("C"), ENDING_ALIKE.format("C")), normalized(A.format("C"), OTHER.format("C"))
    books = Plans.of([alike] * 400 + [other] * 400)
    tilted = books.tilted([alike, other] * 40, np.array([1.0, -1.0] * 40))
    assert tilted.bits(alike) < 0.3 < 1 < books.bits(alike) + 0.2
    assert tilted.bits(other) > 3
    half = books.towards(tilted, 0.5)
    assert tilted.bits(alike) < half.bits(alike) < books.bits(alike)
    untouched = books.tilted([alike, other] * 40, np.zeros(80))
    assert untouched.bits(alike) == pytest.approx(books.bits(alike))


@pytest.mark.parametrize("plans", [3, [1], [["reel", 2, [[1]]]], [["reel", "two", []]], [["reel", 2, [[[1, 2], "x"]]]]])
def test_malformed_plans_are_a_checkpoint_error(plans: object) -> None:
    with pytest.raises(CheckpointError, match="plans"):
        Plans.from_facts({"plans": plans})
