"""What a tune is drawn with, and a batch of that as arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.encoding.inputs import plan_inputs
from model.encoding.shapes import distances
from model.sampling.decoder_kernels import FREE
from model.sampling.grammar import Grammar

LONGEST_TUNE = 2_000  # tokens


@dataclass(frozen=True)
class SequenceState:
    """What one tune is drawn with. `uniform` [LONGEST_TUNE] in [0, 1) decides each draw.

    `prefix` are the ids it begins with, header included; `bars` gives further bars by (section, bar), see Grammar;
    `plan` the ids of its parts' plans, see model.encoding.part_plan.
    """

    grammar: Grammar
    temperature: float
    uniform: NDArray[np.float64]
    prefix: Sequence[int] = ()
    bars: Mapping[tuple[int, int], Sequence[int]] = field(default_factory=dict)
    plan: Sequence[int] = ()


class Packed(NamedTuple):
    """The fields of some sequences, a row for each; see decoder_arrays.RowArrays.

    `first` [rows] are their first tokens, which a grammar leaves no choice about.
    """

    first: NDArray[np.int64]
    node: NDArray[np.int64]
    position: NDArray[np.int64]
    bar_length: NDArray[np.int64]
    distances: NDArray[np.int64]
    temperature: NDArray[np.float32]
    uniform: NDArray[np.float64]
    plan: NDArray[np.int64]
    prefix: NDArray[np.int64]
    given_bars: NDArray[np.int64]


def packed(sequences: Sequence[SequenceState], first_nodes: Sequence[int], no_given_bar: int) -> Packed:
    """`first_nodes` and `no_given_bar` are those of decoder_tables.Tables."""
    count, parts = len(sequences), max(len(one.grammar.rules.sections) for one in sequences)
    longest_bar = max((len(ids) for one in sequences for ids in one.bars.values()), default=0)
    found = Packed(
        first=np.zeros(count, dtype=np.int64),
        node=np.zeros(count, dtype=np.int64),
        position=np.zeros(count, dtype=np.int64),
        bar_length=np.array([one.grammar.rules.bar_ticks for one in sequences]),
        distances=np.array([distances(one.grammar.rules.header[1].removeprefix("M:")) for one in sequences]),
        temperature=np.array([[one.temperature] for one in sequences], dtype=np.float32),
        uniform=np.zeros((count, LONGEST_TUNE + 1)),
        plan=np.zeros((count, 1 + parts, 3), dtype=np.int64),
        prefix=np.full((count, max(len(one.prefix) for one in sequences) + 1), FREE),
        given_bars=np.full((count, no_given_bar + 1, longest_bar + 1), FREE),
    )
    for row, (one, first_node) in enumerate(zip(sequences, first_nodes, strict=True)):
        grammar = one.grammar
        found.first[row] = first = grammar.vocabulary.ids[grammar.rules.header[0]]
        state = grammar.next(grammar.start, first)
        assert state is not None, "a grammar begins with its header"
        found.node[row], found.position[row] = first_node + state.node, state.position
        found.uniform[row, :LONGEST_TUNE] = one.uniform
        found.prefix[row, : len(one.prefix)] = one.prefix
        for part, plan in enumerate(one.plan, start=1):
            found.plan[row, part] = plan_inputs(plan)
        for (section, bar), ids in one.bars.items():
            found.given_bars[row, section * (grammar.rules.form.bars + 1) + bar, : len(ids)] = ids
    return found
