import numpy as np
import torch

from model.encoding.tokenizer import LONGEST_BAR
from model.prompt import parse_prompt
from model.sampling import detokenize
from model.sampling.decoder_tables import BAR_COLUMNS, BARS_BEFORE, DISCARD, EMPTY, Tables
from model.sampling.grammar import Grammar
from model.sampling.sampler import Sampler

CPU = torch.device("cpu")


def grammars(sampler: Sampler) -> list[Grammar]:
    prompts = [parse_prompt("D", "reel", form="AB:4"), parse_prompt("Am", "slip jig", form="AABBCC:8")]
    return [Grammar(sampler.vocabulary, detokenize.rules(prompt, sampler.vocabulary)) for prompt in prompts]


def test_each_grammar_keeps_its_own_rows_under_other_numbers(sampler: Sampler) -> None:
    both = grammars(sampler)
    tables = Tables(both, CPU)
    for grammar in both:
        start = tables.start[id(grammar)]
        nodes = slice(start, start + len(grammar.nodes))
        assert np.array_equal(tables.limit[nodes], grammar.limit)
        allowed = grammar.after >= 0
        assert np.array_equal(tables.after[nodes].numpy()[allowed], grammar.after[allowed] + start)
        assert torch.nonzero(tables.ended[nodes])[:, 0].tolist() == [grammar.end]
        full = tables.rows[nodes, 0]
        assert np.array_equal(tables.masks[full], grammar.masks[grammar.rows[:, 0]])


def test_a_bars_history_lies_in_columns_of_its_own_after_some_empty_bars(sampler: Sampler) -> None:
    both = grammars(sampler)
    tables = Tables(both, CPU)
    assert BAR_COLUMNS == LONGEST_BAR + 3
    assert {EMPTY, DISCARD} == {LONGEST_BAR + 1, LONGEST_BAR + 2}
    assert int(tables.bar_start.min()) == BARS_BEFORE * BAR_COLUMNS
    assert int(tables.bar_start.max()) + BAR_COLUMNS < tables.history_columns
    starts = tables.bar_start[tables.music]
    assert len(set(starts.tolist())) == 3 * 8 + 1  # a pickup has the number of the bar before


def test_bars_that_cannot_be_given_share_one_number(sampler: Sampler) -> None:
    both = grammars(sampler)
    tables = Tables(both, CPU)
    assert tables.no_given_bar == 3 * 9
    numbers = np.concatenate([grammar.number for grammar in both])
    assert np.array_equal(tables.given_bar, np.where(numbers >= 0, numbers, tables.no_given_bar))
