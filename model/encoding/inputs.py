"""What the network may see of a tune at each of its tokens: where it stands, what stood some bars before, the plan."""

from collections.abc import Sequence
from fractions import Fraction

from model.encoding.tokenizer import BARS_SEEN, LONGEST_BAR, ticks, token_ticks
from model.encoding.vocabulary import Vocabulary

LOOKBACK_BARS = (1, 2, 4, 8, 0, 16)  # 0: what a first ending has where the second one is now
POSITIONS = LONGEST_BAR + 2  # id 0 stands for the header
PLACES = 3 * BARS_SEEN + 1  # bar in the part, in the body, first or second ending; id 0 stands for the header
PARTS = 20  # number of the part, up to four more, x how many follow, up to three
PLANS = 33  # see model.encoding.part_plan; id 0 stands for none
LONGEST_RUN = 15  # tokens
INPUTS = (  # what a network may be given; the first seven are what the first checkpoints have
    "token",
    "position",
    "place",
    *(f"back {bars}" for bars in LOOKBACK_BARS),
    "part",
    *(f"run {bars}" for bars in LOOKBACK_BARS),
    "plan",
)


class InputEncoder:
    """Walks along the tokens of a tune of so many parts and knows, at each, what the network may see of the past.

    `plan` has an id for each part, see model.encoding.part_plan.
    """

    def __init__(self, parts: int = 0, plan: Sequence[int] = ()) -> None:
        self.parts = parts
        self._plan = plan
        self.part = -1  # -1 before the first
        self.runs = [0] * len(LOOKBACK_BARS)
        self.length = 0  # of a bar, in ticks
        self.position = -1  # ticks into the bar; -1 in the header
        self.bar = 0  # bars since the tune's start
        self.bar_in_part = 0
        self.ending = 0
        self.pickup = 0
        self._ending_start = (0, 0)
        self._seen: dict[tuple[int, int], int] = {}
        self._first_part = True

    def advance(self, token: str, token_id: int) -> None:
        """Take one token; `token_id` is what lookback will show for it."""
        if token.startswith("M:"):
            beats, unit = token[2:].split("/")
            self.length = ticks(Fraction(int(beats), int(unit)))
        elif token in ("|:", "[|"):
            self._remember(token_id)
            self.position, self.ending = -1, 0
            self.part += 1
        elif token.startswith("pickup="):
            self._start_part(ticks(Fraction(token[7:]) / 8))
        elif token in ("|", "[1", "[2", "|]"):
            self._bar_line(token, token_id)
        elif self.position >= 0:
            self._remember(token_id)
            self.position += token_ticks(token)

    def _remember(self, token_id: int) -> None:
        if self.position >= 0:
            copied = [seen == token_id + 1 for seen in self.lookback()]
            self.runs = [min(run + 1, LONGEST_RUN) if same else 0 for run, same in zip(self.runs, copied, strict=True)]
            self._seen[self.bar, self.position] = token_id

    def _start_part(self, pickup: int) -> None:
        # the pickup completes the bar that the last part left short
        self.bar += 0 if self._first_part or pickup else 1
        self._first_part, self.pickup, self.bar_in_part = False, pickup, 0 if pickup else 1
        self.position = self.length - pickup if pickup else 0

    def _bar_line(self, token: str, token_id: int) -> None:
        self._remember(token_id)
        if token == "[2":
            self.bar, self.bar_in_part = self._ending_start
        else:
            self.bar, self.bar_in_part = self.bar + 1, self.bar_in_part + 1
        if token == "[1":
            self._ending_start = (self.bar, self.bar_in_part)
        self.ending = {"[1": 1, "[2": 2}.get(token, self.ending)
        self.position = 0

    def place_ids(self) -> tuple[int, int]:
        """Ids of the position in the bar and of the bar in the part; 0, 0 in the header."""
        if self.position < 0:
            return 0, 0
        return min(self.position, LONGEST_BAR) + 1, 1 + BARS_SEEN * self.ending + min(self.bar_in_part, BARS_SEEN - 1)

    def inputs(self, token_id: int) -> tuple[int, ...]:
        """What INPUTS names, `token_id` being the last token."""
        plan = self._plan[self.part] if 0 <= self.part < len(self._plan) else 0
        part = part_id(max(self.part, 0), self.parts)
        return (token_id, *self.place_ids(), *self.lookback(), part, *self.runs, plan)

    def lookback(self) -> tuple[int, ...]:
        """What began at this place LOOKBACK_BARS bars ago: a token id plus one; 0 for nothing."""
        if self.position < 0:
            return (0,) * len(LOOKBACK_BARS)
        return tuple(self._seen.get((self.bar - bars, self.position), -1) + 1 for bars in LOOKBACK_BARS)


def part_id(part: int, parts: int) -> int:
    """What the network sees of `part`, counted from 0, of `parts`."""
    return 4 * min(part, 4) + min(max(parts - 1 - part, 0), 3)


def input_sizes(known: Vocabulary, inputs: Sequence[str] = INPUTS) -> tuple[int, ...]:
    """How many ids each of `inputs` has; see cursor.INPUTS. Lookback ids are tokens' plus one, 0 for none."""
    sizes = {"token": len(known), "position": POSITIONS, "place": PLACES, "part": PARTS, "plan": PLANS}
    sizes |= dict.fromkeys((name for name in INPUTS if name.startswith("run ")), LONGEST_RUN + 1)
    return tuple(sizes.get(name, len(known) + 1) for name in inputs)
