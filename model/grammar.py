"""Which token may come next. Every path through a Grammar is a well-formed tune of the metre, form and range asked for.

A state says where in the tune a prefix ends. Masks and successors are worked out when a state is first reached and
kept, so that a step of the sampler is two table look-ups.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.jobs import Form
from model.key import Key
from model.tokens import token_note, token_ticks
from model.vocabulary import Vocabulary

HEADER, PICKUP, MUSIC, END = range(4)


class State(NamedTuple):
    """Where a prefix of the tune ends. `bar` 0 is the pickup, `position` is in ticks from the start of the full bar."""

    stage: int = HEADER
    section: int = 0
    step: int = 0  # tokens of the header that are behind
    pickup: int = 0
    bar: int = 0
    position: int = 0
    ending: int = 0
    ending_bar: int = 0


@dataclass(frozen=True)
class Rules:
    """What a Grammar is compiled from. `header` are the tokens before the first part; MIDI `low` to `high` are allowed.

    `strict` asks for what the bot gives and not every tune in the books has: an end on the tonic (also for the A that
    AABA ends with), and one pickup for all parts, so that each last bar and the next pickup make one bar.
    """

    header: tuple[str, ...]
    bar_ticks: int
    form: Form
    low: int
    high: int
    strict: bool = True

    @property
    def sections(self) -> tuple[bool, ...]:
        """For each part that is composed, whether it is repeated. The last A of AABA is a copy."""
        parts = self.form.parts[:3] if self.form.parts == "AABA" else self.form.parts
        return tuple(parts.count(letter) == 2 for letter in dict.fromkeys(parts))


@dataclass
class Grammar:
    """Masks and successors over the ids of a note vocabulary."""

    vocabulary: Vocabulary
    rules: Rules
    _moves: dict[State, tuple[NDArray[np.bool_], dict[int, State]]] = field(default_factory=dict)

    start = State()

    def mask(self, state: State) -> NDArray[np.bool_]:
        """[vocabulary] True for the tokens that may come next; all False at the end."""
        return self._expand(state)[0]

    def next(self, state: State, token_id: int) -> State | None:
        """The state after `token_id`, or None where it is forbidden."""
        return self._expand(state)[1].get(token_id)

    def _expand(self, state: State) -> tuple[NDArray[np.bool_], dict[int, State]]:
        known = self._moves.get(state)
        if known is None:
            moves = self._successors(state)
            mask = np.zeros(len(self.vocabulary), dtype=np.bool_)
            mask[list(moves)] = True
            known = self._moves[state] = (mask, moves)
        return known

    @cached_property
    def _notes(self) -> dict[tuple[int, bool], list[int]]:
        """(ticks, may end the tune) -> ids, of the notes in range and of the rests."""
        notes: dict[tuple[int, bool], list[int]] = {}
        mode = self.rules.header[2].removeprefix("K:").removeprefix("maj")
        for token_id, token in enumerate(self.vocabulary.tokens):
            note = token_note(token, Key(0, 0, mode))
            if note is None:
                continue
            inside = note.pitch is None or self.rules.low <= note.pitch.midi <= self.rules.high
            if inside:
                ends = token.rstrip("0123456789/").rstrip(",'") in ("C", "c")
                notes.setdefault((token_ticks(token), ends), []).append(token_id)
        return notes

    @cached_property
    def _fills(self) -> dict[tuple[int, int, bool], bool]:
        return {}

    def _can_fill(self, position: int, limit: int, tonic: bool) -> bool:
        """Whether notes can lead from `position` to `limit` exactly, ending on the tonic where asked."""
        if position >= limit:
            return position == limit
        key = (position, limit, tonic)
        if key not in self._fills:
            self._fills[key] = any(
                self._can_fill(position + length, limit, tonic)
                for length, ends in self._notes
                if self._fits(position, length, limit, tonic, ends)
            )
        return self._fills[key]

    @staticmethod
    def _fits(position: int, length: int, limit: int, tonic: bool, ends: bool) -> bool:
        if position % 3 and length % 3 == 0:  # inside a triplet only triplet notes stand
            return False
        return position + length < limit or (position + length == limit and (ends or not tonic))

    def _successors(self, state: State) -> dict[int, State]:
        if state.stage == HEADER:
            return self._header(state)
        if state.stage == PICKUP:
            return self._pickups(state)
        if state.stage == END:
            return {}
        limit = self._limit(state)
        if state.position == limit:
            return self._bar_lines(state)
        tonic = self._on_tonic(state)
        moves: dict[int, State] = {}
        for (length, ends), ids in self._notes.items():
            end = state.position + length
            if self._fits(state.position, length, limit, tonic, ends) and self._can_fill(end, limit, tonic):
                moves |= dict.fromkeys(ids, state._replace(position=end))
        return moves

    def _ids(self, *tokens: str) -> list[int]:
        return [self.vocabulary.ids[token] for token in tokens if token in self.vocabulary.ids]

    def _header(self, state: State) -> dict[int, State]:
        part = ("|:" if self.rules.sections[state.section] else "[|", f"bars={self.rules.form.bars}")
        tokens = (*self.rules.header, *part) if state.section == 0 else part
        last = state.step + 1 == len(tokens)
        after = State(PICKUP, state.section, pickup=state.pickup) if last else state._replace(step=state.step + 1)
        return dict.fromkeys(self._ids(tokens[state.step]), after)

    def _pickups(self, state: State) -> dict[int, State]:
        moves = {}
        for token_id, token in enumerate(self.vocabulary.tokens):
            if not token.startswith("pickup="):
                continue
            length = pickup_ticks(token)
            if self.rules.strict and state.section and length != state.pickup:
                continue
            full = self.rules.bar_ticks
            if length % 3 or length >= full or not self._can_fill(0, full - length, self.rules.strict):
                continue
            start = full - length if length else 0
            moves[token_id] = State(MUSIC, state.section, 0, length, 0 if length else 1, start)
        return moves

    def _limit(self, state: State) -> int:
        last = state.bar == self.rules.form.bars
        return self.rules.bar_ticks - (state.pickup if last else 0)

    def _on_tonic(self, state: State) -> bool:
        if not self.rules.strict or state.bar != self.rules.form.bars or state.ending == 1:
            return False
        closes = self.rules.form.parts == "AABA" and state.section == 0
        return closes or state.section == len(self.rules.sections) - 1

    def _bar_lines(self, state: State) -> dict[int, State]:
        moves: dict[int, State] = {}
        bars = self.rules.form.bars
        onward = state._replace(bar=state.bar + 1, position=0)
        if state.bar < bars:
            moves |= dict.fromkeys(self._ids("|"), onward)
            repeated = self.rules.sections[state.section]
            if repeated and not state.ending and state.bar > 0 and 2 * (bars - state.bar) <= bars:
                moves |= dict.fromkeys(self._ids("[1"), onward._replace(ending=1, ending_bar=onward.bar))
        elif state.ending == 1:
            second = state._replace(bar=state.ending_bar, position=0, ending=2)
            moves |= dict.fromkeys(self._ids("[2"), second)
        elif state.section + 1 < len(self.rules.sections):
            start = self._header(State(HEADER, state.section + 1, pickup=state.pickup))
            moves |= start
        else:
            moves |= dict.fromkeys(self._ids("|]"), State(END))
        return moves


def pickup_ticks(token: str) -> int:
    """Ticks of a `pickup=` token."""
    return token_ticks("z" + token.removeprefix("pickup=")) if token != "pickup=0" else 0


def accepts(grammar: Grammar, tokens: Sequence[str]) -> int:
    """How many of `tokens` the grammar allows from the start; all of them for a path."""
    state: State | None = grammar.start
    for count, token in enumerate(tokens):
        state = grammar.next(state, grammar.vocabulary.ids.get(token, -1)) if state else None
        if state is None:
            return count
    return len(tokens)
