"""A batch of tunes being composed, as tensors: every step draws one token for each from what its grammar allows.

On an accelerator all of a step happens there, in place and without a look at any value, and takes the same operations
whatever the tunes are. On a CPU it is compiled (model.sampling.decoder_kernels), and works on the same tensors.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from model.encoding.inputs import CANDIDATES, GROUPS, INPUTS, LONGEST_RUN, LOOKBACK_BARS, columns_of
from model.encoding.shapes import NO_LINE
from model.network.stepper import Stepper
from model.sampling import decoder_kernels
from model.sampling.decoder_arrays import InputColumns, RowArrays, Settings, TableArrays
from model.sampling.decoder_kernels import CADENCE, FREE, RETRIES
from model.sampling.decoder_tables import BAR_COLUMNS, DISCARD, EMPTY, STILL, Tables
from model.sampling.next_token import choose_on_device
from model.sampling.sequence_state import LONGEST_TUNE, SequenceState, packed

# What is added to the logit of going on with what a tune has begun to repeat, or to move along the scale, for each of
# CANDIDATES once it was right for so many tokens. The network learned on tunes that repeat to the end of the bar; where
# chance makes it break off, it does not begin again. With these, bars come back, and are transposed, as often as in the
# books (`evaluate` counts both).
PERSISTENCE = (0.4, 0.4, 0.1, 0.7, 0.0, 0.4, 1.0, 1.0, 2.5, 2.5)
PERSISTS = (1, 1, 1, 1, 1, 1, 2, 2, 2, 2)
# tensors whose first dimension is the row; the third of the states is
_BY_ROW = ("_inputs", *(f"_{name}" for name in RowArrays._fields if not name.startswith("state")))


class Decoder:
    """Draws the tunes of `sequences`, a token of each with every `step`. They are `count` rows.

    `temperature` divides the logits. With `measure`, `removed` [1] and `predicted` [1] count the probability that the
    grammar's masks took from the music and over how many tokens.
    """

    def __init__(self, stepper: Stepper, sequences: Sequence[SequenceState], measure: bool = False) -> None:
        self._stepper, self._measure = stepper, measure
        self.device = device = stepper.device
        self._tables = Tables(list({id(one.grammar): one.grammar for one in sequences}.values()), device)
        self.count = count = len(sequences)
        self._columns = np.array(columns_of(stepper.config.inputs))
        self._back = torch.tensor(LOOKBACK_BARS, device=device)
        self._persistence = torch.tensor(PERSISTENCE, device=device) * stepper.config.copies
        self._persists = torch.tensor(PERSISTS, device=device)
        self._state = stepper.zeros(count)
        self._length = torch.ones(count, dtype=torch.int64, device=device)  # tokens so far
        self._in_bar = torch.zeros(count, dtype=torch.int64, device=device)  # of them, in this bar
        self._draws = torch.ones(
            count, dtype=torch.int64, device=device
        )  # tokens, with those of bars that were begun again
        self._retries = torch.zeros(count, dtype=torch.int64, device=device)  # of this bar
        self._ids = torch.zeros(count, LONGEST_TUNE + 1, dtype=torch.int64, device=device)
        # id plus one of the token that begins at each position of each bar, see decoder_tables
        self._history = torch.zeros(count, self._tables.history_columns, dtype=torch.int32, device=device)
        # lines from the note before to the one that begins there, plus STILL; 0 where there is no such note
        self._moves = torch.zeros_like(self._history, dtype=torch.int8)
        self._line = torch.full((count,), NO_LINE, device=device)  # of the last note
        self._candidates = torch.zeros(count, len(CANDIDATES), dtype=torch.int64, device=device)
        self._runs = torch.zeros_like(self._candidates)
        self._state_before, self._runs_before = self._state.clone(), self._runs.clone()  # before this bar
        self._history_before, self._moves_before = (
            torch.zeros(count, BAR_COLUMNS, dtype=kind, device=device) for kind in (torch.int32, torch.int8)
        )
        self._line_before = self._line.clone()
        self._bar_columns = torch.arange(BAR_COLUMNS, device=device)
        # a bar line is none of a shape's notes, and does not end a sequence
        self._of_lines = torch.arange(len(CANDIDATES), device=device) < len(LOOKBACK_BARS)
        self.removed = torch.zeros(1, dtype=torch.float64, device=device)
        self.predicted = torch.zeros(1, dtype=torch.int64, device=device)
        self._begin(sequences)
        self._inputs = torch.zeros(count, len(self._columns), dtype=torch.int64, device=device)
        self._view()
        self._graph: torch.cuda.CUDAGraph | None = None

    def _begin(self, sequences: Sequence[SequenceState]) -> None:
        """Each field of `sequences` in one tensor: an accelerator takes long for many small ones."""
        first = [self._tables.start[id(one.grammar)] for one in sequences]
        tensors = (torch.from_numpy(a).to(self.device) for a in packed(sequences, first, self._tables.no_given_bar))
        self._ids[:, 0], self._node, self._position, self._bar_length, self._distances, *tensors_left = tensors
        self._temperature, self._uniform, self._plan, self._prefix, self._given_bars = tensors_left

    def _view(self) -> None:
        """Let compiled functions see the tensors as they are now."""
        if not self._stepper.compiled:
            return
        self._arrays = RowArrays(**{name: getattr(self, f"_{name}").numpy() for name in RowArrays._fields})
        tables = {name: getattr(self._tables, name).numpy() for name in TableArrays._fields}
        self._table_arrays = TableArrays(**tables)
        first = {name.replace(" ", "_"): INPUTS.index(group.names[0]) for name, group in GROUPS.items()}
        persistence = self._persistence.numpy(), self._persists.numpy()
        places = LONGEST_RUN, EMPTY, DISCARD, STILL
        self._settings = Settings(InputColumns(**first), self._back.numpy(), *persistence, *places)
        self._every_input = np.zeros(len(INPUTS), np.int64)

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
            self._step()  # executed at once, so that libraries are initialised
        here.wait_stream(aside)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph):
            self._step()  # recorded, not executed

    def _step_compiled(self) -> None:
        tables, rows, settings = self._table_arrays, self._arrays, self._settings
        inputs, every = self._inputs.numpy(), self._every_input
        decoder_kernels.gather_inputs(tables, rows, settings, every, self._columns, inputs)
        logits = self._stepper.step(self._inputs, self._state).numpy()
        removed, predicted = self.removed.numpy(), self.predicted.numpy()
        decoder_kernels.draw_tokens(tables, rows, settings, logits, removed, predicted, self._measure)

    def _step(self) -> None:
        """The same by torch's operations."""
        tables, node = self._tables, self._node
        music, candidates, inputs = tables.music[node], *self._gather_inputs()
        closing, this_bar = tables.closing[node], tables.bar_start[node][:, None] + self._bar_columns
        self._remember(closing & (self._in_bar == 0), this_bar)
        logits = F.pad(self._stepper.step(inputs, self._state), (1, 0))
        logits = logits.scatter_add(1, candidates, self._persistence * (self._runs >= self._persists))[:, 1:]
        left = (tables.limit[node] - self._position)[:, None]
        rests = closing[:, None] & (left > 0) & (tables.ticks == left)
        logits = logits + CADENCE * rests
        mask, given = self.masks(), self._given()
        uniform = self._uniform.gather(1, self._draws.clamp(max=LONGEST_TUNE)[:, None])
        token = torch.where(given != FREE, given, choose_on_device(logits, mask, self._temperature, uniform))
        if self._measure:
            free = music & (given == FREE)
            removed = 1 - (logits.softmax(1) * mask).sum(1)
            self.removed += (removed * free).sum()
            self.predicted += free.sum()
        inside = self._append(token, candidates)
        ends = closing & inside & (self._position == tables.limit[self._node]) & (given == FREE)
        self._start_bar_again(ends & ~tables.tonic[token] & (self._retries < RETRIES), this_bar)

    def _gather_inputs(self) -> tuple[Tensor, Tensor]:
        """The CANDIDATES [rows, candidates], and the network's inputs [rows, inputs]."""
        tables, node = self._tables, self._node
        music = tables.music[node]
        here = tables.bar_start[node] + torch.where(music, self._position, EMPTY)
        lookback = self._history.gather(1, here[:, None] - self._back * BAR_COLUMNS).long()
        shapes, backs = self._shapes(), len(LOOKBACK_BARS)
        plan = self._plan[torch.arange(self.count, device=self.device), tables.planned[node]]
        by_group = {
            "token": self._ids.gather(1, (self._length - 1)[:, None]),
            "position": torch.where(music, self._position + 1, 0)[:, None],
            "place": tables.place[node][:, None],
            "back": lookback,
            "part": tables.part[node][:, None],
            "run": self._runs[:, :backs],
            "plan": plan[:, :1],
            "shape": shapes,
            "shape run": self._runs[:, backs:],
            "rhythm": tables.rhythm[node][:, None],
            "mode": tables.mode[node][:, None],
            "phrase": plan[:, 1:2],
            "motion": plan[:, 2:],
        }
        return torch.cat([lookback, shapes], dim=1), torch.cat([by_group[group] for group in GROUPS], dim=1)[
            :, self._columns
        ]

    def _shapes(self) -> Tensor:
        """The candidates that go on with a shape [rows, SHAPES]; see InputEncoder."""
        tables, length = self._tables, self._bar_length[:, None]
        back = self._position[:, None] - self._distances
        bars = torch.div(back, length, rounding_mode="floor")
        there = tables.bar_start[self._node][:, None] + bars * BAR_COLUMNS + back - bars * length
        moves, note = self._moves.gather(1, there).long(), (self._history.gather(1, there).long() - 1).clamp(min=0)
        line = self._line[:, None] + moves - STILL
        shown = (moves > 0) & (line != tables.line[note]) & (line >= 0) & (line < len(tables.diatonic))
        shown &= (self._distances > 0) & (tables.music[self._node] & (self._position < self._bar_length))[:, None]
        found: Tensor = tables.diatonic[line.clamp(0, len(tables.diatonic) - 1), tables.ticks[note]] * shown
        return found

    def _append(self, token: Tensor, candidates: Tensor) -> Tensor:
        """Go on with `token` [rows] where a tune has not ended; whether it is a note, and so inside the bar [rows]."""
        tables, node = self._tables, self._node
        music, going = tables.music[node], ~tables.ended[node]
        at = self._length.clamp(max=LONGEST_TUNE)
        self._ids.scatter_(1, at[:, None], token[:, None])
        note = tables.ticks[token]
        inside = note > 0
        written = tables.bar_start[node] + torch.where(music, self._position, DISCARD)
        self._write(written[:, None], token, music[:, None] & (inside[:, None] | self._of_lines), candidates)
        after = tables.after[node, tables.column[token]].long()
        self._node.copy_(torch.where(inside, node, after))
        self._position.copy_(torch.where(inside, self._position + note, tables.entry[self._node]))
        self._in_bar.copy_(torch.where(inside, self._in_bar + 1, 0))
        self._length.copy_(torch.where(going, at + 1, self._length))
        self._draws.copy_(torch.where(going, self._draws + 1, self._draws))
        self._retries.copy_(torch.where(inside, self._retries, 0))
        return inside

    def _write(self, column: Tensor, token: Tensor, counts: Tensor, candidates: Tensor) -> None:
        """Write `token` [rows] into the history; `counts` [rows, candidates] says which have been right or wrong."""
        self._history.scatter_(1, column, (token + 1)[:, None].int())
        runs = torch.where(candidates == token[:, None] + 1, (self._runs + 1).clamp(max=LONGEST_RUN), 0)
        self._runs.copy_(torch.where(counts, runs, self._runs))
        line = self._tables.line[token]
        moved = torch.where((line != NO_LINE) & (self._line != NO_LINE), line - self._line + STILL, 0)
        self._moves.scatter_(1, column, moved[:, None].to(torch.int8))
        self._line.copy_(torch.where(line != NO_LINE, line, self._line))

    def masks(self) -> Tensor:
        """What may be drawn now: [rows, vocabulary] bool."""
        left = self._tables.limit[self._node] - self._position
        full, strict, free = self._tables.rows[self._node].unbind(1)
        base = torch.where(self._retries < RETRIES, free, strict)
        return self._tables.masks[torch.where(left > 0, base + left, full)]

    def _remember(self, begins: Tensor, this_bar: Tensor) -> None:
        """Keep what rows knew before a bar that has to end on the tonic.

        Such a bar is drawn freely, and again where it ends elsewhere: so it comes as the network would play it, given
        that it closes. A mask alone would forbid long notes off the tonic and keep the short ones that lead there.
        """
        self._state_before.copy_(torch.where(begins[:, None], self._state, self._state_before))
        self._runs_before.copy_(torch.where(begins[:, None], self._runs, self._runs_before))
        self._line_before.copy_(torch.where(begins, self._line, self._line_before))
        for now, before in ((self._history, self._history_before), (self._moves, self._moves_before)):
            before.copy_(torch.where(begins[:, None], now.gather(1, this_bar), before))

    def _start_bar_again(self, missed: Tensor, this_bar: Tensor) -> None:
        """Where `missed` [rows]; `this_bar` [rows, BAR_COLUMNS] are the bar's columns of the history."""
        self._state.copy_(torch.where(missed[:, None], self._state_before, self._state))
        self._runs.copy_(torch.where(missed[:, None], self._runs_before, self._runs))
        self._line.copy_(torch.where(missed, self._line_before, self._line))
        for now, before in ((self._history, self._history_before), (self._moves, self._moves_before)):
            now.scatter_(1, this_bar, torch.where(missed[:, None], before, now.gather(1, this_bar)))
        self._position.copy_(torch.where(missed, self._tables.entry[self._node], self._position))
        self._length.sub_(torch.where(missed, self._in_bar, 0))
        self._in_bar.copy_(torch.where(missed, 0, self._in_bar))
        self._retries.add_(missed)

    def _given(self) -> Tensor:
        """The token of each row that is given next, or FREE: of its beginning first, then of the bar [rows]."""
        step = self._length.clamp(max=self._prefix.shape[1] - 1)
        prefix = self._prefix.gather(1, step[:, None])[:, 0]
        longest = self._given_bars.shape[2]
        in_bar = self._in_bar.clamp(max=longest - 1)
        place = self._tables.given_bar[self._node] * longest + in_bar
        in_bars = self._given_bars.flatten(1).gather(1, place[:, None])[:, 0]
        return torch.where(prefix != FREE, prefix, in_bars)

    def ended(self) -> list[int]:
        """The rows whose tune has ended, or is longer than any tune may be. Waits for the device."""
        over = self._tables.ended[self._node] | (self._length > LONGEST_TUNE)
        return torch.nonzero(over)[:, 0].tolist()

    def ids(self, row: int) -> list[int]:
        """The tokens of a tune so far."""
        ids: list[int] = self._ids[row, : int(self._length[row])].tolist()
        return ids

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these rows alone, in this order; they are numbered from 0 again."""
        self.count = len(rows)
        at = torch.tensor(rows, device=self.device)
        self._state, self._state_before = self._state[:, :, at], self._state_before[:, :, at]
        for name in _BY_ROW:
            setattr(self, name, getattr(self, name)[at])
        self._view()
        self._graph = None  # it knows the tensors that were
