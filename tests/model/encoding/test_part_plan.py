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


def test_a_plan_has_the_end_of_a_part_its_likeness_to_the_first_and_what_returns() -> None:
    first, alike, other = A.format("C"), ENDING_ALIKE.format("C"), OTHER.format("C")
    assert plans_of(normalized(first, alike).parts) == (Plan(True, 0, 2), Plan(True, 2, 0))  # two bars of four
    assert plans_of(normalized(first, other).parts)[1] == Plan(True, 0, 0)
    assert plans_of(normalized(first, first).parts)[1] == Plan(True, 3, 2)
    assert plans_of(normalized(A.format("D"), ENDING_ALIKE.format("C")).parts) == (Plan(False, 0, 2), Plan(True, 0, 0))


def test_endings_count_as_they_sound_the_last_time() -> None:
    part = "|:CDEF GABc|dcBA GFED|CDEF GABc|[1 dcBA GFED:|[2 dcBA GFEC|]"
    assert plans_of(normalized(part).parts) == (Plan(True, 0, 2),)  # the fourth bar is another than the second now


def test_ids_are_unique_and_come_back() -> None:
    plans = [Plan(closes, rhyme, back) for closes in (False, True) for rhyme in range(4) for back in range(4)]
    assert sorted(plan.id for plan in plans) == list(range(1, PLANS))
    assert [Plan.of_id(plan.id) for plan in plans] == plans


def test_the_network_sees_each_part_with_its_plan_and_the_header_with_none() -> None:
    tokens = encode(normalized(A.format("C"), ENDING_ALIKE.format("C")))
    inputs, _ = inputs_and_targets(tokens, Vocabulary("notes", tuple(dict.fromkeys(tokens))))
    seen = inputs[:, INPUTS.index("plan")].tolist()
    second = tokens.index("|:", 6)
    first_plan, second_plan = (plan.id for plan in plans_of(normalized(A.format("C"), ENDING_ALIKE.format("C")).parts))
    assert seen == [0] * 4 + [first_plan] * (second - 4) + [second_plan] * (len(tokens) - 1 - second)


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
    prior = (40 + 1) / (40 + 32) * (30 + 1) / (40 + 32)
    assert books.bits(alike) == pytest.approx(-log2((30 + PRIOR_TUNES * prior) / (40 + PRIOR_TUNES)))
    new = normalized(OTHER.format("D"), A.format("C"))
    assert books.bits(alike) < books.bits(other) < books.bits(new) < 20
    assert Plans({}).bits(alike) == 0
    assert sum(2 ** -books.bits(tune) for tune in (alike, other)) < 1


def test_preferred_plans_become_more_frequent() -> None:
    alike, other = normalized(A.format("C"), ENDING_ALIKE.format("C")), normalized(A.format("C"), OTHER.format("C"))
    books = Plans.of([alike] * 20 + [other] * 20)
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
