"""What the network sees of a tune at each token: the token, where it stands, what stood before and its shape, the plan.

`GROUPS` is the one table of these inputs. InputEncoder computes them token by token, for training and scoring;
model.sampling.decoder computes them for a batch of tunes under a grammar, on an accelerator or compiled.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import chain
from typing import NamedTuple

from model.encoding.shapes import NO_LINE, SHAPES, Diatonic, distances
from model.encoding.tokenizer import BARS_SEEN, LONGEST_BAR, ticks, token_ticks
from model.encoding.vocabulary import Vocabulary

LOOKBACK_BARS = (1, 2, 4, 8, 0, 16)  # 0: what a first ending has where the second one is now
LONGEST_RUN = 15  # tokens
PLANS, PHRASES, MOTIONS = 33, 10, 4  # see model.encoding.part_plan; id 0 stands for no plan


class InputGroup(NamedTuple):
    """Inputs of one kind: their names, and how many ids each takes, beside the vocabulary's if it takes these too."""

    names: tuple[str, ...]
    ids: int
    of_vocabulary: bool = False


GROUPS = {  # in the order of their columns; checkpoints name their inputs
    "token": InputGroup(("token",), 0, of_vocabulary=True),
    "position": InputGroup(("position",), LONGEST_BAR + 2),  # see position_id
    "place": InputGroup(("place",), 3 * BARS_SEEN + 1),  # see place_id
    # the token that began at this position so many bars ago: its id plus one, 0 for none
    "back": InputGroup(tuple(f"back {bars}" for bars in LOOKBACK_BARS), 1, of_vocabulary=True),
    "part": InputGroup(("part",), 20),  # see part_id
    # how many tokens in a row were those that stood so many bars before
    "run": InputGroup(tuple(f"run {bars}" for bars in LOOKBACK_BARS), LONGEST_RUN + 1),
    "plan": InputGroup(("plan",), PLANS),  # of the part
    # the note that goes on with a shape, see model.encoding.shapes: its id plus one, 0 for none
    "shape": InputGroup(tuple(f"shape {back}" for back in SHAPES), 1, of_vocabulary=True),
    # how many notes in a row were those that a shape showed
    "shape run": InputGroup(tuple(f"run {back}" for back in SHAPES), LONGEST_RUN + 1),
    # the header's tokens, once they are read: their ids plus one
    "rhythm": InputGroup(("rhythm",), 1, of_vocabulary=True),
    "mode": InputGroup(("mode",), 1, of_vocabulary=True),
    "phrase": InputGroup(("phrase",), PHRASES),  # of the plan, as are motions
    "motion": InputGroup(("motion",), MOTIONS),
}
CANDIDATES = (*GROUPS["back"].names, *GROUPS["shape"].names)  # inputs that show a token to go on with
INPUTS = tuple(chain.from_iterable(group.names for group in GROUPS.values()))


def columns_of(inputs: Sequence[str]) -> list[int]:
    """Where in INPUTS each of `inputs` stands."""
    return [INPUTS.index(name) for name in inputs]


def input_sizes(known: Vocabulary, inputs: Sequence[str] = INPUTS) -> tuple[int, ...]:
    """How many ids each of `inputs` takes."""
    sizes = {name: group.ids + len(known) * group.of_vocabulary for group in GROUPS.values() for name in group.names}
    return tuple(sizes[name] for name in inputs)


def plan_inputs(plan: int) -> tuple[int, int, int]:
    """What a plan's id is seen as: the inputs `plan`, `phrase` and `motion`."""
    return plan % PLANS, plan // PLANS % PHRASES, plan // (PLANS * PHRASES)


def position_id(position: int) -> int:
    """Of `position` ticks into a bar; 0 stands for the header."""
    return min(position, LONGEST_BAR) + 1


def place_id(bar: int, ending: int) -> int:
    """Of a bar, counted from the part's start, outside of endings (0) or in the first or second; 0: the header."""
    return 1 + BARS_SEEN * ending + min(bar, BARS_SEEN - 1)


def part_id(part: int, parts: int) -> int:
    """Of `part`, counted from 0, of `parts`: which of the first five it is, and whether 0, 1, 2 or more follow."""
    return 4 * min(part, 4) + min(max(parts - 1 - part, 0), 3)


class InputEncoder:
    """Reads the tokens of a tune of `parts` parts one by one and gives the ids that the network sees at each.

    `plan` has an id for each part, see model.encoding.part_plan; `inputs` are those of INPUTS that are wanted. Shapes
    are shown as tokens of the vocabulary `known`.
    """

    def __init__(
        self, known: Vocabulary, parts: int = 0, plan: Sequence[int] = (), inputs: Sequence[str] = INPUTS
    ) -> None:
        self.parts = parts
        self.runs = [0] * len(CANDIDATES)
        self._plan, self._columns = list(map(plan_inputs, plan)), columns_of(inputs)
        self._diatonic = Diatonic.of(known)
        self._rhythm = self._mode = 0
        self._distances = (0,) * len(SHAPES)
        self._line = NO_LINE  # of the last note
        self._moves: dict[tuple[int, int], int] = {}  # (bar, position) -> lines from the note before to the one there
        self._part = -1  # -1 before the first
        self._bar_length = 0  # ticks
        self._position = -1  # ticks into the bar; -1 in the header
        self.bar = 0  # bars since the tune's start
        self._bar_in_part = 0
        self._ending = 0
        self._ending_start = (0, 0)  # _bar and _bar_in_part of the first ending
        self._begun: dict[tuple[int, int], int] = {}  # (bar, position) -> id of the token that begins there
        self._first_part = True

    def read(self, token: str, token_id: int) -> tuple[int, ...]:
        """Read the next token; an id for each wanted input, to predict the token after it from."""
        if token.startswith("M:"):
            beats, unit = token[2:].split("/")
            self._bar_length, self._distances = ticks(Fraction(int(beats), int(unit))), distances(token[2:])
        elif token.startswith("R:"):
            self._rhythm = token_id + 1
        elif token.startswith("K:"):
            self._mode = token_id + 1
        elif token in ("|:", "[|"):
            self._remember(token_id)
            self._position, self._ending = -1, 0
            self._part += 1
        elif token.startswith("pickup="):
            self._start_part(ticks(Fraction(token[7:]) / 8))
        elif token in ("|", "[1", "[2", "|]"):
            self._bar_line(token, token_id)
        elif self._position >= 0:
            self._remember(token_id, is_note=True)
            self._position += token_ticks(token)
        ids = self._ids(token_id)
        return tuple(ids[column] for column in self._columns)

    def lookback(self) -> tuple[int, ...]:
        """The token that began at this position LOOKBACK_BARS bars ago: its id plus one, 0 for none."""
        if self._position < 0:
            return (0,) * len(LOOKBACK_BARS)
        return tuple(self._begun.get((self.bar - bars, self._position), -1) + 1 for bars in LOOKBACK_BARS)

    def candidates(self) -> tuple[int, ...]:
        """The inputs that CANDIDATES names."""
        return (*self.lookback(), *map(self._shape, self._distances))

    def _shape(self, distance: int) -> int:
        """The note that moves as the one `distance` ticks ago did: its id plus one, 0 for none."""
        if not distance or not 0 <= self._position < self._bar_length:
            return 0
        bars, position = divmod(self._position - distance, self._bar_length)
        there = self.bar + bars, position
        if there not in self._moves:
            return 0
        return self._diatonic.moved(self._begun[there], self._line + self._moves[there])

    def _ids(self, token_id: int) -> list[int]:
        """One for each of INPUTS, `token_id` being the last token's."""
        header, backs = self._position < 0, len(LOOKBACK_BARS)
        plan, phrase, motion = self._plan[self._part] if 0 <= self._part < len(self._plan) else (0, 0, 0)
        candidates = self.candidates()
        by_group: dict[str, tuple[int, ...]] = {
            "token": (token_id,),
            "position": (0 if header else position_id(self._position),),
            "place": (0 if header else place_id(self._bar_in_part, self._ending),),
            "back": candidates[:backs],
            "part": (part_id(max(self._part, 0), self.parts),),
            "run": tuple(self.runs[:backs]),
            "plan": (plan,),
            "shape": candidates[backs:],
            "shape run": tuple(self.runs[backs:]),
            "rhythm": (self._rhythm,),
            "mode": (self._mode,),
            "phrase": (phrase,),
            "motion": (motion,),
        }
        return [number for group in GROUPS for number in by_group[group]]

    def _remember(self, token_id: int, is_note: bool = False) -> None:
        if self._position < 0:
            return
        for place, candidate in enumerate(self.candidates()):
            if is_note or place < len(LOOKBACK_BARS):  # a bar line does not end a sequence
                self.runs[place] = min(self.runs[place] + 1, LONGEST_RUN) if candidate == token_id + 1 else 0
        here = self.bar, self._position
        self._begun[here] = token_id
        self._moves.pop(here, None)
        line = int(self._diatonic.line[token_id])
        if line != NO_LINE:
            if self._line != NO_LINE:
                self._moves[here] = line - self._line
            self._line = line

    def _start_part(self, pickup: int) -> None:
        # the pickup completes the bar that the last part left short
        self.bar += 0 if self._first_part or pickup else 1
        self._first_part, self._bar_in_part = False, 0 if pickup else 1
        self._position = self._bar_length - pickup if pickup else 0

    def _bar_line(self, token: str, token_id: int) -> None:
        self._remember(token_id)
        if token == "[2":
            self.bar, self._bar_in_part = self._ending_start
        else:
            self.bar, self._bar_in_part = self.bar + 1, self._bar_in_part + 1
        if token == "[1":
            self._ending_start = (self.bar, self._bar_in_part)
        self._ending = {"[1": 1, "[2": 2}.get(token, self._ending)
        self._position = 0
