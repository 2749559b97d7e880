"""A batch of tunes under way, as tensors: every step draws one token for each from what its grammar allows.

On an accelerator all of a step happens there, in place and without a look at any value, and is the same whatever tunes
there are. On a CPU it is compiled (model.sampling.decoder_kernels), and works on the same tensors.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from model.encoding.inputs import INPUTS, LONGEST_RUN, LOOKBACK_BARS
from model.encoding.tokenizer import LONGEST_BAR
from model.network.stepper import Stepper
from model.sampling import decoder_kernels
from model.sampling.decoder_kernels import CADENCE, FREE, TRIES, RowArrays, TableArrays
from model.sampling.grammar import Grammar

LONGEST_TUNE = 2_000  # tokens
_BEFORE = max(LOOKBACK_BARS)  # empty bars before the first, for lookback to fall on
_NOWHERE = LONGEST_BAR + 1  # the position of what is no music: nothing is ever seen there,
_FORGOTTEN = _NOWHERE + 1  # for this is where it is written
_COLUMNS = _FORGOTTEN + 1
# What is added to the logit of going on with what a tune has begun to repeat, for each of LOOKBACK_BARS. The network
# learned on tunes that repeat to the end of the bar; where chance makes it break off, it does not begin again. With
# these, bars come back as often as in the books (`evaluate` counts them as habits).
PERSISTENCE = (0.4, 0.4, 0.1, 0.7, 0.0, 0.4)
_OF_A_ROW = (
    *("_node", "_position", "_taken", "_in_bar", "_ids", "_seen", "_runs", "_drawn", "_tries", "_read"),
    *("_uniform", "_temperature", "_prefix", "_bars", "_plan", "_runs_before", "_seen_before"),
)


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


class _Tables:
    """The tables of several grammars of one vocabulary, one after another, on a device."""

    def __init__(self, grammars: Sequence[Grammar], device: torch.device) -> None:
        def joined(name: str, shifts: Sequence[int] | None = None) -> Tensor:
            parts = [getattr(grammar, name) for grammar in grammars]
            if shifts:
                parts = [part + shift for part, shift in zip(parts, shifts, strict=False)]
            return torch.from_numpy(np.concatenate(parts)).to(device)

        first = np.cumsum([0, *(len(g.nodes) for g in grammars)]).tolist()
        rows = np.cumsum([0, *(len(g.masks) for g in grammars)]).tolist()
        self.start = dict(zip(map(id, grammars), first, strict=False))
        self.masks, self.rows = joined("masks"), joined("rows", rows)
        self.closing, self.tonic = joined("closing"), torch.from_numpy(grammars[0].tonic).to(device)
        self.after = joined("after", first)  # forbidden moves are shifted too, and never looked up
        self.limit, self.entry = joined("limit"), joined("entry")
        self.place, self.part, self.bar_number = joined("place"), joined("part"), joined("bar_number")
        self.planned, self.music = joined("planned"), joined("music")
        self.ticks = torch.from_numpy(grammars[0].ticks).to(device)
        self.column = torch.from_numpy(grammars[0].column).to(device)
        ends = [first[i] + g.end for i, g in enumerate(grammars)]
        self.ended = torch.zeros(len(self.music), dtype=torch.bool, device=device)
        self.ended[ends] = True
        self.bars = max(int(g.bar_number.max()) for g in grammars) + 1
        self.bar_start = (self.bar_number + _BEFORE) * _COLUMNS  # where a bar's row begins in what is seen
        # given bars are looked up by their number, the last of all is for where none is given
        self.nowhere = max(len(g.rules.sections) * (g.rules.form.bars + 1) for g in grammars)
        self.given = torch.where(joined("number") >= 0, joined("number"), self.nowhere)


class Decoder:
    """Draws the tunes of `rows`, a token of each with every `step`. They are `count` rows.

    `temperature` divides the logits. With `measure`, `removed` and `predicted` count the probability that the grammar's
    masks took from the music and over how many tokens.
    """

    def __init__(self, stepper: Stepper, rows: Sequence[SequenceState], measure: bool = False) -> None:
        self._stepper, self._measure = stepper, measure
        self.device = device = stepper.device
        grammars = list({id(row.grammar): row.grammar for row in rows}.values())
        self._tables = _Tables(grammars, device)
        self.count = count = len(rows)
        self._columns = np.array([INPUTS.index(name) for name in stepper.config.inputs])
        self._back = torch.tensor(LOOKBACK_BARS, device=device)
        self._persistence = torch.tensor(PERSISTENCE, device=device) * stepper.config.copies
        self._state = stepper.zeros(count)
        self._taken = torch.ones(count, dtype=torch.int64, device=device)  # tokens so far
        self._in_bar = torch.zeros(count, dtype=torch.int64, device=device)  # of them, in this bar
        self._drawn = torch.ones(count, dtype=torch.int64, device=device)  # tokens, with those that were taken back
        self._tries = torch.zeros(count, dtype=torch.int64, device=device)  # at this bar that were taken back
        self._ids = torch.zeros(count, LONGEST_TUNE + 1, dtype=torch.int64, device=device)
        self._seen = torch.zeros(count, (_BEFORE + self._tables.bars + 1) * _COLUMNS, dtype=torch.int32, device=device)
        self._runs = torch.zeros(count, len(LOOKBACK_BARS), dtype=torch.int64, device=device)
        self._state_before, self._runs_before = self._state.clone(), self._runs.clone()  # before this bar
        self._seen_before = torch.zeros(count, _COLUMNS, dtype=torch.int32, device=device)
        self._in_a_bar = torch.arange(_COLUMNS, device=device)
        self.removed = torch.zeros(1, dtype=torch.float64, device=device)
        self.predicted = torch.zeros(1, dtype=torch.int64, device=device)
        self._begin(rows)
        self._read = torch.zeros(count, len(self._columns), dtype=torch.int64, device=device)
        self._view()
        self._graph: torch.cuda.CUDAGraph | None = None

    def _begin(self, rows: Sequence[SequenceState]) -> None:
        """What `rows` say, each part of it in one tensor: an accelerator takes long for many small ones."""
        count, parts = len(rows), max(len(row.grammar.rules.sections) for row in rows)
        longest_bar = max((len(ids) for row in rows for ids in row.bars.values()), default=0)
        uniform = np.zeros((count, LONGEST_TUNE + 1))
        plan = np.zeros((count, 1 + parts), dtype=np.int64)
        prefix = np.full((count, max(len(row.prefix) for row in rows) + 1), FREE)
        bars = np.full((count, self._tables.nowhere + 1, longest_bar + 1), FREE)
        begun = np.zeros((3, count), dtype=np.int64)  # first token, node, position
        for place, row in enumerate(rows):
            grammar = row.grammar
            first = grammar.vocabulary.ids[grammar.rules.header[0]]
            state = grammar.next(grammar.start, first)
            assert state is not None, "a grammar begins with its header"
            begun[:, place] = first, self._tables.start[id(grammar)] + state.node, state.position
            uniform[place, :LONGEST_TUNE] = row.uniform
            plan[place, 1 : 1 + len(row.plan)] = row.plan
            prefix[place, : len(row.prefix)] = row.prefix
            for (section, bar), ids in row.bars.items():
                bars[place, section * (grammar.rules.form.bars + 1) + bar, : len(ids)] = ids
        self._uniform, self._plan, self._prefix, self._bars, starts = (
            torch.from_numpy(array).to(self.device) for array in (uniform, plan, prefix, bars, begun)
        )
        self._ids[:, 0], self._node, self._position = starts
        self._temperature = torch.tensor([[row.temperature] for row in rows], dtype=torch.float32, device=self.device)

    def _view(self) -> None:
        """Let compiled functions see the tensors as they are now."""
        if not self._stepper.compiled:
            return
        self._arrays = RowArrays(**{name: getattr(self, f"_{name}").numpy() for name in RowArrays._fields})
        tables = {name: getattr(self._tables, name).numpy() for name in TableArrays._fields}
        self._table_arrays = TableArrays(**tables)

    @torch.inference_mode()
    def step(self) -> None:
        """Draw the next token of every tune. Tunes that have ended stay as they are."""
        on_cuda = self.device.type == "cuda"
        (self._step_compiled if self._stepper.compiled else self._replay if on_cuda else self._step)()

    def _replay(self) -> None:
        """A step as a CUDA graph: recorded once for these tensors, it is started by one call, not by two hundred."""
        if self._graph is not None:
            self._graph.replay()
            return
        here, aside = torch.cuda.current_stream(), torch.cuda.Stream()  # type: ignore[no-untyped-call]
        aside.wait_stream(here)
        with torch.cuda.stream(aside):
            self._step()  # this one is taken as it is, and libraries make themselves ready
        here.wait_stream(aside)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph):
            self._step()  # recorded, not taken

    def _step_compiled(self) -> None:
        tables, rows, back = self._table_arrays, self._arrays, self._back.numpy()
        decoder_kernels.look(tables, rows, back, self._columns, self._read.numpy())
        logits = self._stepper.step(self._read, self._state).numpy()
        persistence, removed, predicted = self._persistence.numpy(), self.removed.numpy(), self.predicted.numpy()
        decoder_kernels.draw(tables, rows, back, persistence, LONGEST_RUN, logits, removed, predicted, self._measure)

    def _step(self) -> None:
        tables, node = self._tables, self._node
        music = tables.music[node]
        bar = tables.bar_start[node]
        here = bar + torch.where(music, self._position, _NOWHERE)
        last = self._ids.gather(1, (self._taken - 1)[:, None])
        seen = self._seen.gather(1, here[:, None] - self._back * _COLUMNS)
        position = torch.where(music, self._position + 1, 0)
        places = torch.stack([position, tables.place[node]], dim=1)
        plan = self._plan.gather(1, tables.planned[node][:, None])
        inputs = torch.cat([last, places, seen, tables.part[node][:, None], self._runs, plan], dim=1)
        closing, this_bar = tables.closing[node], bar[:, None] + self._in_a_bar
        self._remember(closing & (self._in_bar == 0), this_bar)
        logits = F.pad(self._stepper.step(inputs[:, self._columns], self._state), (1, 0))
        logits = logits.scatter_add(1, seen.long(), self._persistence * (self._runs > 0))[:, 1:]
        left = (tables.limit[node] - self._position)[:, None]
        rests = closing[:, None] & (left > 0) & (tables.ticks == left)
        logits = logits + CADENCE * rests
        mask, given = self.masks(), self._given()
        uniform = self._uniform.gather(1, self._drawn.clamp(max=LONGEST_TUNE)[:, None])
        token = torch.where(given != FREE, given, choose_on_device(logits, mask, self._temperature, uniform))
        if self._measure:
            free = music & (given == FREE)
            removed = 1 - (logits.softmax(1) * mask).sum(1)
            self.removed += (removed * free).sum()
            self.predicted += free.sum()

        going = ~tables.ended[node]
        at = self._taken.clamp(max=LONGEST_TUNE)
        self._ids.scatter_(1, at[:, None], token[:, None])
        written = bar + torch.where(music, self._position, _FORGOTTEN)
        self._seen.scatter_(1, written[:, None], (token + 1)[:, None].int())
        runs = torch.where(seen == token[:, None] + 1, (self._runs + 1).clamp(max=LONGEST_RUN), 0)
        self._runs.copy_(torch.where(music[:, None], runs, self._runs))
        length = tables.ticks[token]
        after = tables.after[node, tables.column[token]].long()
        inside = length > 0
        self._node.copy_(torch.where(inside, node, after))
        self._position.copy_(torch.where(inside, self._position + length, tables.entry[self._node]))
        self._in_bar.copy_(torch.where(inside, self._in_bar + 1, 0))
        self._taken.copy_(torch.where(going, at + 1, self._taken))
        self._drawn.copy_(torch.where(going, self._drawn + 1, self._drawn))
        self._tries.copy_(torch.where(inside, self._tries, 0))
        ends = closing & inside & (self._position == tables.limit[self._node]) & (given == FREE)
        self._take_back(ends & ~tables.tonic[token] & (self._tries < TRIES), this_bar)

    def masks(self) -> Tensor:
        """What may be drawn now: [rows, vocabulary] bool."""
        left = self._tables.limit[self._node] - self._position
        full, strict, free = self._tables.rows[self._node].unbind(1)
        base = torch.where(self._tries < TRIES, free, strict)
        return self._tables.masks[torch.where(left > 0, base + left, full)]

    def _remember(self, begins: Tensor, this_bar: Tensor) -> None:
        """Keep what rows knew before a bar that has to end on the tonic.

        Such a bar is drawn freely, and again where it ends elsewhere: so it comes as the network would play it, given
        that it closes. A mask alone would forbid long notes off the tonic and keep the short ones that lead there.
        """
        self._state_before.copy_(torch.where(begins[:, None], self._state, self._state_before))
        self._runs_before.copy_(torch.where(begins[:, None], self._runs, self._runs_before))
        self._seen_before.copy_(torch.where(begins[:, None], self._seen.gather(1, this_bar), self._seen_before))

    def _take_back(self, missed: Tensor, this_bar: Tensor) -> None:
        """Begin the bar again."""
        self._state.copy_(torch.where(missed[:, None], self._state_before, self._state))
        self._runs.copy_(torch.where(missed[:, None], self._runs_before, self._runs))
        seen = torch.where(missed[:, None], self._seen_before, self._seen.gather(1, this_bar))
        self._seen.scatter_(1, this_bar, seen)
        self._position.copy_(torch.where(missed, self._tables.entry[self._node], self._position))
        self._taken.sub_(torch.where(missed, self._in_bar, 0))
        self._in_bar.copy_(torch.where(missed, 0, self._in_bar))
        self._tries.add_(missed)

    def _given(self) -> Tensor:
        step = self._taken.clamp(max=self._prefix.shape[1] - 1)
        prefix = self._prefix.gather(1, step[:, None])[:, 0]
        bar = self._tables.given[self._node]
        in_bar = self._in_bar.clamp(max=self._bars.shape[2] - 1)
        in_bars = self._bars.flatten(1).gather(1, (bar * self._bars.shape[2] + in_bar)[:, None])[:, 0]
        return torch.where(prefix != FREE, prefix, in_bars)

    def ended(self) -> list[int]:
        """The places whose tune has ended, or is longer than any tune may be. Waits for the device."""
        over = self._tables.ended[self._node] | (self._taken > LONGEST_TUNE)
        return torch.nonzero(over)[:, 0].tolist()

    def ids(self, place: int) -> list[int]:
        """The tokens of a tune so far."""
        ids: list[int] = self._ids[place, : int(self._taken[place])].tolist()
        return ids

    def keep(self, places: Sequence[int]) -> None:
        """Go on with these places alone, in this order; they are numbered from 0 again."""
        self.count = len(places)
        at = torch.tensor(places, device=self.device)
        self._state, self._state_before = self._state[:, :, at], self._state_before[:, :, at]
        for name in _OF_A_ROW:
            setattr(self, name, getattr(self, name)[at])
        self._view()
        self._graph = None  # it knows the tensors that were


def choose(logits: Tensor, mask: Tensor, temperature: Tensor, uniform: Tensor) -> Tensor:
    """Draw from softmax(logits / temperature) over what `mask` allows, at `uniform` in [0, 1) of the CDF: ids [rows].

    logits and mask are [rows, vocabulary], temperature and uniform [rows, 1].
    """
    if logits.device.type != "cpu":
        return choose_on_device(logits, mask, temperature, uniform)
    chosen = torch.empty(len(logits), dtype=torch.int64)
    decoder_kernels.choose(logits.numpy(), mask.numpy(), temperature.numpy(), uniform.numpy(), chosen.numpy())
    return chosen


def choose_on_device(logits: Tensor, mask: Tensor, temperature: Tensor, uniform: Tensor) -> Tensor:
    """`choose` by torch's operations."""
    weights = (logits / temperature).masked_fill(~mask, -torch.inf).softmax(1)
    cumulative = weights.double().cumsum(1)
    at = torch.searchsorted(cumulative, uniform * cumulative[:, -1:], right=True)[:, 0]
    return at.clamp(max=logits.shape[1] - 1)
