"""The tables of a batch's grammars as tensors, and the layout of what each row remembers of its tune."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from model.encoding.inputs import LOOKBACK_BARS
from model.encoding.shapes import Diatonic
from model.encoding.tokenizer import LONGEST_BAR
from model.sampling.grammar import Grammar

# A row's history has BAR_COLUMNS columns for each bar: one for each position, and the two that follow.
EMPTY = LONGEST_BAR + 1  # is read where there is no music; nothing is ever written there
DISCARD = EMPTY + 1  # is written where there is no music; it is never read
BAR_COLUMNS = DISCARD + 1
STILL = 64  # how a move by no line is written, so that 0 is none
BARS_BEFORE = max(LOOKBACK_BARS)  # empty bars before the first, for lookback to fall on


class Tables:
    """The tables of several grammars of one vocabulary, one after another, on a device; see Grammar.

    Nodes are numbered through: `start[id(grammar)]` is the first of a grammar. `bar_start` [nodes] is the column of a
    row's history at which the node's bar begins; `given_bar` [nodes] the number of the node's bar among those that a
    row may be given, `no_given_bar` where it can be given none; `ended` [nodes] whether the tune has ended.
    """

    def __init__(self, grammars: Sequence[Grammar], device: torch.device) -> None:
        def joined(name: str, shifts: Sequence[int] | None = None) -> Tensor:
            parts = [getattr(grammar, name) for grammar in grammars]
            if shifts:
                parts = [part + shift for part, shift in zip(parts, shifts, strict=False)]
            return torch.from_numpy(np.concatenate(parts)).to(device)

        first_node = np.cumsum([0, *(len(g.nodes) for g in grammars)]).tolist()
        first_mask = np.cumsum([0, *(len(g.masks) for g in grammars)]).tolist()
        self.start = dict(zip(map(id, grammars), first_node, strict=False))
        self.masks, self.rows = joined("masks"), joined("rows", first_mask)
        self.after = joined("after", first_node)  # forbidden tokens' -1 is shifted too, and never looked up
        self.closing, self.limit, self.entry = joined("closing"), joined("limit"), joined("entry")
        self.place, self.part, self.planned = joined("place"), joined("part"), joined("planned")
        self.music, self.rhythm, self.mode = joined("music"), joined("rhythm"), joined("mode")
        self.tonic, self.ticks, self.column = (
            torch.from_numpy(array).to(device) for array in (grammars[0].tonic, grammars[0].ticks, grammars[0].column)
        )
        notes = Diatonic.of(grammars[0].vocabulary)
        self.line, self.diatonic = torch.from_numpy(notes.line).to(device), torch.from_numpy(notes.token).to(device)
        self.ended = torch.zeros(len(self.music), dtype=torch.bool, device=device)
        self.ended[[first_node[i] + g.end for i, g in enumerate(grammars)]] = True
        bars = BARS_BEFORE + max(int(g.bar_number.max()) for g in grammars) + 2
        self.history_columns = bars * BAR_COLUMNS
        self.bar_start = (joined("bar_number") + BARS_BEFORE) * BAR_COLUMNS
        self.no_given_bar = max(len(g.rules.sections) * (g.rules.form.bars + 1) for g in grammars)
        self.given_bar = torch.where(joined("number") >= 0, joined("number"), self.no_given_bar)
