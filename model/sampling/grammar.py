"""Which tokens may come next: a transition table from state and token to the next state, in arrays.

Every path through a Grammar is a well-formed tune of the metre, form and range asked for. A state is a node, which is a
bar's place in the tune (section, bar, ending, pickup), and the position in that bar. Inside a bar the choice depends
only on the ticks that are left in it, so all bars share rows of `masks`; at its end it depends on the node.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.encoding.inputs import part_id, place_id
from model.encoding.tokenizer import token_note, token_ticks
from model.encoding.vocabulary import Vocabulary
from model.music.form import Form
from model.music.key import Key
from model.music.spelling import usual
from model.music.tune import Note

HEADER, PICKUP, MUSIC, END = range(4)
_FORBIDDEN = -1
_NO_NUMBER = -1


class State(NamedTuple):
    """What the tokens so far lead to: a node, and the `position` in ticks from the start of the full bar."""

    node: int = 0
    position: int = 0


class Node(NamedTuple):
    """A bar of the tune, or a step of a header. Bar 0 is the pickup; endings begin with the bar `ending_bar`."""

    kind: int = HEADER
    section: int = 0
    step: int = 0  # tokens of the header so far
    pickup: int = 0  # ticks
    bar: int = 0
    ending: int = 0
    ending_bar: int = 0


@dataclass(frozen=True)
class Rules:
    """What a Grammar is compiled from. `header` are the tokens before the first part; `low` to `high` are MIDI pitches.

    Not `strict` allows for tunes in the books: with it, the last part, the A that AABA ends with and the parts of
    `closes` end on the tonic, and all parts have one pickup, so that each last bar and the next pickup make one bar.
    """

    header: tuple[str, ...]
    bar_ticks: int
    form: Form
    low: int
    high: int
    strict: bool = True
    closes: tuple[bool, ...] = ()  # for each part from the first on
    missing: frozenset[int] = frozenset()  # pitch classes that the instrument lacks

    @property
    def sections(self) -> tuple[bool, ...]:
        """For each part that is composed, whether it is repeated. The last A of AABA is a copy, so it is none."""
        parts = self.form.parts[:3] if self.form.parts == "AABA" else self.form.parts
        return tuple(parts.count(letter) == 2 for letter in dict.fromkeys(parts))

    @property
    def closing(self) -> tuple[bool, ...]:
        """For each part that is composed, whether it has to end on the tonic."""
        last = len(self.sections) - 1
        closes = (*self.closes, *(False,) * (last + 1))
        return tuple(
            self.strict and (closes[i] or i == last or (i == 0 and self.form.parts == "AABA")) for i in range(last + 1)
        )


class Grammar:
    """The tables of some Rules over the ids of a note vocabulary.

    Arrays by node:
    `limit`        ticks of its bar
    `entry`        position in ticks at which its bar begins
    `closing`      whether its bar has to end on a token of `tonic`
    `rows`         [nodes, 3] numbers of rows of `masks`: for a full bar; else the row to which the ticks that are left
                   are added, first with the rule for closing bars, then without it
    `place`, `part`  inputs of the network, see model.encoding.inputs
    `planned`      the number, from 1, of the part whose plan is an input; 0 for none
    `rhythm`, `mode`  inputs too: ids plus one of the header's tokens, 0 where they are not read yet
    `bar_number`   bars since the tune's start; exact where `strict`
    `music`        whether its bar has notes
    `number`       by which such a bar is given: section x (bars of a part + 1) + bar; -1 in endings
    `after`        [nodes, columns] the next node, -1 for a forbidden token; `column[token]` is a token's column, the
                   same for all grammars of a vocabulary
    The node `end` absorbs: `|]` leads back to it.
    """

    start = State()

    def __init__(self, vocabulary: Vocabulary, rules: Rules) -> None:
        self.vocabulary, self.rules = vocabulary, rules
        self.ticks = np.array([token_ticks(token) for token in vocabulary.tokens])
        self.tonic = np.array([t.rstrip("0123456789/").rstrip(",'") in ("C", "c") for t in vocabulary.tokens])
        self._allowed, note_masks, self._fillable = self._notes()
        self.nodes, transitions = self._explore()
        self.column = np.where(self.ticks == 0, np.cumsum(self.ticks == 0), 0)  # notes share column 0, which is unused
        self.after = np.full((len(transitions), self.column.max() + 1), _FORBIDDEN, dtype=np.int32)
        lines: dict[frozenset[str], int] = {}
        full_row = np.zeros(len(transitions), dtype=np.int64)
        for node, after_token in enumerate(transitions):
            for token, after in after_token.items():
                self.after[node, self.column[vocabulary.ids[token]]] = after
            full_row[node] = len(note_masks) + lines.setdefault(frozenset(after_token), len(lines))
        line_masks = np.zeros((len(lines), len(vocabulary)), dtype=np.bool_)
        for row, tokens in enumerate(lines):
            line_masks[row, vocabulary.encode(sorted(tokens))] = True
        self.masks = np.concatenate([note_masks, line_masks])
        self._allowed = np.concatenate([self._allowed, line_masks])
        self.closing = np.array([self._on_tonic(node) for node in self.nodes])
        self.rows = np.stack([full_row, self.closing * (rules.bar_ticks + 1), 0 * full_row], axis=1)
        self.limit = np.array([self._limit(node) for node in self.nodes])
        self.entry = np.array([self._entry(node) for node in self.nodes])
        self.music = music = np.array([node.kind == MUSIC for node in self.nodes])
        numbered = [n.section * (rules.form.bars + 1) + n.bar if n.ending == 0 else _NO_NUMBER for n in self.nodes]
        self.number = np.where(music, numbered, _NO_NUMBER)
        places = np.array([place_id(node.bar, node.ending) for node in self.nodes])
        numbers = np.array([n.section * rules.form.bars + n.bar - (n.pickup == 0) for n in self.nodes])
        self.place, self.bar_number = places * music, numbers * music
        self.part = np.array([part_id(node.section, rules.form.sounding) for node in self.nodes])
        part_begins = len(rules.header) + 1
        self.planned = np.array(
            [n.section + 1 if n.kind != HEADER or n.section or n.step >= part_begins else 0 for n in self.nodes]
        )
        self.rhythm, self.mode = (self._read(place) for place in (0, 2))
        self.end = next(number for number, node in enumerate(self.nodes) if node.kind == END)

    def _read(self, place: int) -> NDArray[np.int64]:
        """Of the header's token at `place`, the id plus one at each node where it has been read; 0 before."""
        read = [n.kind != HEADER or n.section > 0 or n.step > place for n in self.nodes]
        return np.array(read) * (self.vocabulary.ids[self.rules.header[place]] + 1)

    def at(self, section: int, bar: int, pickup: int) -> State | None:
        """The state at the start of a bar outside of endings; None where there is no such bar."""
        node = Node(MUSIC, section, 0, pickup, bar)
        if node not in self.nodes:
            return None
        number = self.nodes.index(node)
        return State(number, int(self.entry[number]))

    def _row(self, state: State) -> int:
        full, base, _ = self.rows[state.node]
        left = self.limit[state.node] - state.position
        return int(base + left if left else full)

    def mask(self, state: State) -> NDArray[np.bool_]:
        """[vocabulary] True for the tokens that may be drawn next."""
        row: NDArray[np.bool_] = self.masks[self._row(state)]
        return row

    def next(self, state: State, token_id: int) -> State | None:
        """The state after `token_id`, or None where it is forbidden.

        Beside the tokens of `mask`, lengths that take two tied notes to write and unusual names of pitches are allowed:
        they may be given.
        """
        if not (0 <= token_id < len(self.vocabulary) and self._allowed[self._row(state), token_id]):
            return None
        if length := int(self.ticks[token_id]):
            return State(state.node, state.position + length)
        after = int(self.after[state.node, self.column[token_id]])
        return State(after, int(self.entry[after]))

    def _notes(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
        """Which notes may follow by the ticks left in the bar, first for bars of any end, then for those on the tonic.

        Returns masks [2 x (bar ticks + 1), vocabulary] of what may be given and of what may be drawn, and whether what
        may be drawn can fill so many ticks [2, bar ticks + 1].
        """
        full = self.rules.bar_ticks
        mode = self.rules.header[2].removeprefix("K:").removeprefix("maj")
        key = Key(0, 0, mode)
        notes = [token_note(token, key) for token in self.vocabulary.tokens]
        playable = {p for p in range(self.rules.low, self.rules.high + 1) if p % 12 not in self.rules.missing}
        inside = np.array([n is not None and (n.pitch is None or n.pitch.midi in playable) for n in notes])
        single = np.array([n is not None and _is_one_note(n.length) and _is_usual(n, key) for n in notes])
        given = np.zeros((2, full + 1, len(notes)), dtype=np.bool_)
        fillable = np.zeros((2, full + 1), dtype=np.bool_)
        fillable[:, 0] = True
        for on_tonic in (0, 1):
            for left in range(1, full + 1):
                fits = inside & (self.ticks <= left)
                if left % 3:  # inside a triplet only triplet notes stand; bars and pickups are multiples of 3
                    fits &= self.ticks % 3 > 0
                fits &= fillable[on_tonic][np.maximum(left - self.ticks, 0)]
                if on_tonic:
                    fits &= (self.ticks < left) | self.tonic
                given[on_tonic, left] = fits
                fillable[on_tonic, left] = (fits & single).any()
        flat = given.reshape(-1, len(notes))
        return flat, flat & single, fillable

    def _explore(self) -> tuple[list[Node], list[dict[str, int]]]:
        """All nodes, the start first, and for each the next node by token, for tokens other than notes."""
        number, nodes, transitions = {Node(): 0}, [Node()], list[dict[str, int]]()
        for node in nodes:  # which grows meanwhile
            after_token: dict[str, int] = {}
            for token, after in self._next_nodes(node).items():
                if token in self.vocabulary.ids:
                    if after not in number:
                        number[after] = len(nodes)
                        nodes.append(after)
                    after_token[token] = number[after]
            transitions.append(after_token)
        return nodes, transitions

    def _next_nodes(self, node: Node) -> dict[str, Node]:
        if node.kind == HEADER:
            return self._header(node)
        if node.kind == PICKUP:
            return self._pickups(node)
        return self._bar_lines(node) if node.kind == MUSIC else {"|]": node}

    def _header(self, node: Node) -> dict[str, Node]:
        part = ("|:" if self.rules.sections[node.section] else "[|", f"bars={self.rules.form.bars}")
        tokens = (*self.rules.header, *part) if node.section == 0 else part
        last = node.step + 1 == len(tokens)
        after = Node(PICKUP, node.section, pickup=node.pickup) if last else node._replace(step=node.step + 1)
        return {tokens[node.step]: after}

    def _pickups(self, node: Node) -> dict[str, Node]:
        after_token = {}
        for token in self.vocabulary.tokens:
            if not token.startswith("pickup="):
                continue
            length = pickup_ticks(token)
            if self.rules.strict and node.section and length != node.pickup:
                continue
            full = self.rules.bar_ticks
            if length % 3 or length >= full or not self._fillable[int(self.rules.strict), full - length]:
                continue
            after_token[token] = Node(MUSIC, node.section, 0, length, 0 if length else 1)
        return after_token

    def _entry(self, node: Node) -> int:
        return self.rules.bar_ticks - node.pickup if node.kind == MUSIC and node.bar == 0 else 0

    def _limit(self, node: Node) -> int:
        if node.kind != MUSIC:
            return 0
        return self.rules.bar_ticks - (node.pickup if node.bar == self.rules.form.bars else 0)

    def _on_tonic(self, node: Node) -> bool:
        return node.bar == self.rules.form.bars and node.ending != 1 and self.rules.closing[node.section]

    def _bar_lines(self, node: Node) -> dict[str, Node]:
        bars = self.rules.form.bars
        onward = node._replace(bar=node.bar + 1)
        if node.bar < bars:
            after_token = {"|": onward}
            repeated = self.rules.sections[node.section]
            if repeated and not node.ending and node.bar > 0 and 2 * (bars - node.bar) <= bars:
                after_token["[1"] = onward._replace(ending=1, ending_bar=onward.bar)
            return after_token
        if node.ending == 1:
            return {"[2": node._replace(bar=node.ending_bar, ending=2)}
        if node.section + 1 < len(self.rules.sections):
            return self._header(Node(HEADER, node.section + 1, pickup=node.pickup))
        return {"|]": Node(END)}


def _is_usual(note: Note, key: Key) -> bool:
    """Whether a note is written as `key` usually has it: what is learned in one mode may be misspelled in another."""
    return note.pitch is None or usual(note.pitch.midi, key) == note.pitch


def _is_one_note(length: Fraction) -> bool:
    """Whether a single note, with up to two dots, has this length, or the written note in a triplet; 5/8 has none."""
    written = length * 3 / 2 if length.denominator % 3 == 0 else length
    while written.numerator % 2 == 0:
        written /= 2
    return written.numerator in (1, 3, 7)


def pickup_ticks(token: str) -> int:
    """Ticks of a `pickup=` token."""
    return token_ticks("z" + token.removeprefix("pickup=")) if token != "pickup=0" else 0


def accepts(grammar: Grammar, tokens: Sequence[str]) -> int:
    """How many of `tokens` the grammar allows from its start; all of them where they are a path."""
    state: State | None = grammar.start
    for count, token in enumerate(tokens):
        state = grammar.next(state, grammar.vocabulary.ids.get(token, -1)) if state else None
        if state is None:
            return count
    return len(tokens)
