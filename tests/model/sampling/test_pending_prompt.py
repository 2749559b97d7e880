import itertools

import numpy as np
import pytest

from model.prompt import parse_prompt
from model.sampling import detokenize
from model.sampling.critic import DRAFTS
from model.sampling.grammar import Grammar
from model.sampling.pending_prompt import (
    CHOOSING,
    PATIENCE,
    PLANNING,
    TEMPERATURE_STEP,
    Draft,
    PendingPrompt,
    random_stream,
)
from model.sampling.sampler import DRAWS, Sampler
from model.sampling.variation import GivenTokens

PROMPT = parse_prompt("D", "polka", 0.8, "AB:4", 7)


@pytest.fixture(scope="module")
def pending(sampler: Sampler) -> PendingPrompt:
    grammar = Grammar(sampler.vocabulary, detokenize.rules(PROMPT, sampler.vocabulary))
    drafts = [Draft(number, grammar, (1 + number,), [number]) for number in range(3)]
    return PendingPrompt(0, PROMPT, GivenTokens(bars={(0, 2): (1, 2)}), drafts)


def test_each_draft_of_each_draw_has_its_own_random_numbers(pending: PendingPrompt) -> None:
    numbers = []
    for pending.draw in range(3):
        numbers += [tuple(sequence.uniform[:4]) for sequence in pending.sequences()]
    assert len(set(numbers)) == 9
    again = random_stream(PROMPT, 2 * 3 + 1).random(4)
    assert np.array_equal(again, numbers[7])  # draw 2, draft 1: as if drawn alone


def test_a_draft_is_drawn_by_its_plan_and_prefix_and_with_the_prompts_bars(pending: PendingPrompt) -> None:
    pending.draw = 0
    for number, sequence in enumerate(pending.sequences()):
        assert (sequence.plan, sequence.prefix, sequence.temperature) == ((1 + number,), [number], 0.8)
        assert sequence.bars == {(0, 2): (1, 2)}


def test_the_temperature_rises_with_each_draw_after_some(pending: PendingPrompt) -> None:
    temperatures = []
    for pending.draw in range(PATIENCE + 3):
        temperatures.append(pending.sequences()[0].temperature)
    assert temperatures[: PATIENCE + 1] == [0.8] * (PATIENCE + 1)
    assert temperatures[PATIENCE + 1 :] == pytest.approx([0.8 + TEMPERATURE_STEP, 0.8 + 2 * TEMPERATURE_STEP])


def test_streams_for_drafts_plans_and_choices_are_apart() -> None:
    drafts, plans = range(DRAWS * DRAFTS), range(PLANNING, PLANNING + DRAFTS)
    choices = range(CHOOSING, CHOOSING + DRAWS)
    for one, other in itertools.combinations((drafts, plans, choices), 2):
        assert not set(one) & set(other)
