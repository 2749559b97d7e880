"""Prompts -> tunes: many prompts as one batch, each token drawn from what the grammar allows.

Each tune draws from its own random stream, so the same seed and checkpoint give the same tune whatever the batch.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from model import composition
from model.checkpoint import Checkpoint
from model.cursor import INPUTS
from model.decoder import LONGEST_TUNE, Decoder, Row
from model.errors import CheckpointError, InputError, SamplingError
from model.form import well_formed
from model.grammar import Grammar, Rules, State, pickup_ticks
from model.inference import Stepper, best_dtype
from model.jobs import Prompt
from model.network import restored
from model.notation import Tune
from model.originality import NOBODY, Index, Nearest
from model.plan import Plan, Plans
from model.prepare import input_sizes
from model.titles import Titles
from model.tokens import decode
from model.variation import Given, given, unchanged
from model.vocabulary import Vocabulary

DRAWS = 30  # attempts at one tune before giving up
PATIENCE = 5  # draws that are too close to a known tune, or whose parts are all alike; then it gets warmer,
WARMER = 0.1  # by so much each time
PLANNING = 2**32  # the random stream of a seed that draws the plan; those of its draws count from 0
UNCHANGED = "the tune that it varies"
IDLE = 1 / 8  # the share of a batch's rows that have ended, at which they are dropped
GRAMMARS = 64  # compiled ones kept: up to half a megabyte each


@dataclass(frozen=True)
class Composed:
    """A finished tune: the tokens it was drawn as, how many draws it took, and the seconds since its batch began.

    `nearest` is the corpus tune most like it; `temperature` is higher than the prompt's if it took many draws to get
    a new tune.
    """

    prompt: Prompt
    tune: Tune
    spelled: tuple[str, ...]
    draws: int
    seconds: float
    nearest: Nearest
    temperature: float

    @property
    def tokens(self) -> int:
        return len(self.spelled)


@dataclass
class _Draft:
    """One prompt on its way through the batch."""

    index: int
    prompt: Prompt
    grammar: Grammar
    given: Given
    plan: tuple[int, ...]
    prefix: list[int]
    temperature: float
    title: str = ""
    draw: int = 0

    def row(self) -> Row:
        """What the decoder needs for this draw of it."""
        stream = np.random.Philox(key=[self.prompt.seed, self.draw])
        uniform = np.random.Generator(stream).random(LONGEST_TUNE)
        return Row(self.grammar, self.temperature, uniform, self.prefix, self.given.bars, self.plan)


class Sampler:
    """A network with its note vocabulary, ready to compose."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        titles: Titles | None = None,
        index: Index | None = None,
        device: torch.device | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        """`dtype` is the products', the device's best unless given: another one gives other tunes.

        CheckpointError if `checkpoint` is not of whole notes, or its weights or facts do not fit its config."""
        self.vocabulary = Vocabulary.from_json(checkpoint.vocabulary)
        if self.vocabulary.kind != "notes":
            raise CheckpointError(f"the {checkpoint.preset} checkpoint writes characters; composing needs preset trad")
        self.device = device or torch.device("cuda" if torch.cuda.is_available() else "cpu")
        network = restored(checkpoint.network, checkpoint.weights)
        inputs = network.config.inputs
        if not set(inputs) <= set(INPUTS) or network.config.input_sizes != input_sizes(self.vocabulary, inputs):
            raise CheckpointError("the checkpoint was trained with other inputs than this release gives")
        self.stepper = Stepper(network, self.device, dtype or best_dtype(self.device))
        self._titles, self._index = titles, index
        self._plans = Plans.known_to(checkpoint.facts)
        self._grammars: dict[Rules, Grammar] = {}
        self.measure_mask = False  # costs a softmax a token; `mask_removed` is the mean probability that it removed
        self._removed, self._predicted = 0.0, 0

    @property
    def mask_removed(self) -> float:
        return self._removed / max(1, self._predicted)

    def compose(self, prompts: Sequence[Prompt]) -> list[Composed]:
        """One tune for each prompt, in order. Raises the first failure: InputError or SamplingError."""
        composed: dict[int, Composed] = {}
        for index, outcome in self.stream(prompts):
            if isinstance(outcome, Exception):
                raise outcome
            composed[index] = outcome
        return [composed[index] for index in range(len(prompts))]

    def stream(self, prompts: Sequence[Prompt]) -> Iterator[tuple[int, Composed | InputError | SamplingError]]:
        """Compose all `prompts` as one batch and yield each, by its index, as soon as it ends."""
        started = time.monotonic()
        begun: list[_Draft] = []
        for index, prompt in enumerate(prompts):
            try:
                begun.append(self._draft(index, prompt))
            except InputError as error:
                yield index, error
        if not begun:
            return
        for draft, title in zip(begun, self._named([draft.prompt for draft in begun]), strict=True):
            draft.title = title
        drafts: list[_Draft | None] = [*begun]
        decoder = Decoder(self.stepper, [draft.row() for draft in begun], self.measure_mask)
        while going := sum(draft is not None for draft in drafts):
            if going <= decoder.count * (1 - IDLE):
                places = [place for place, draft in enumerate(drafts) if draft]
                decoder.keep(places)
                drafts = [drafts[place] for place in places]
            for _ in range(self._steps_unseen):
                decoder.step()
            for place in decoder.ended():
                ended = drafts[place] if place < len(drafts) else None
                if ended is None:  # it was answered already
                    continue
                outcome = self._finish(ended, decoder.ids(place), started)
                if outcome is None:
                    ended.draw += 1
                    decoder.restart(place, ended.row())
                else:
                    drafts[place] = None
                    yield ended.index, outcome
        self._removed += float(decoder.removed)
        self._predicted += int(decoder.predicted)

    @property
    def _steps_unseen(self) -> int:
        """Steps between two looks at which tunes have ended: a look makes the host wait for an accelerator."""
        return 1 if self.device.type == "cpu" else 16

    def _draft(self, index: int, prompt: Prompt) -> _Draft:
        rules = composition.rules(prompt, self.vocabulary)
        fixed = given(prompt, self.vocabulary)
        plans = self._planned(prompt, len(rules.sections), fixed.plans)
        rules = replace(rules, closes=tuple(part.closes for part in plans[:-1]))
        grammar = self._grammars.get(rules) or Grammar(self.vocabulary, rules)
        self._grammars[rules] = grammar
        if len(self._grammars) > GRAMMARS:
            self._grammars.pop(next(iter(self._grammars)))
        ids = tuple(part._replace(closes=c).id for part, c in zip(plans, rules.closing, strict=False))
        return _Draft(index, prompt, grammar, fixed, ids, self._prefix(grammar, fixed, prompt), prompt.temperature)

    def _planned(self, prompt: Prompt, parts: int, known: tuple[Plan, ...]) -> tuple[Plan, ...]:
        """The plans of the tune's parts, `known` for the first of them."""
        uniform = np.random.Generator(np.random.Philox(key=[prompt.seed, PLANNING])).random()
        return known + self._plans.draw(prompt.rhythm, parts, uniform)[len(known) :]

    def _prefix(self, grammar: Grammar, plan: Given, prompt: Prompt) -> list[int]:
        """The ids that the tune begins with, its header included; none where nothing is given.

        Raises InputError where the grammar does not allow what is given.
        """
        if not plan.prefix:
            return []
        state: State | None = grammar.start
        prefix: list[int] = []
        while state is not None and (mask := grammar.mask(state)).sum() == 1:  # the header leaves no choice
            prefix.append(int(np.flatnonzero(mask)[0]))
            state = grammar.next(state, prefix[-1])
        bar = 1
        for token_id in plan.prefix:
            state = grammar.next(state, token_id) if state is not None else None
            if state is None:
                raise InputError(f"bar {bar} of the opening cannot begin a {prompt.rhythm} of form {prompt.form}")
            bar += self.vocabulary.tokens[token_id] == "|"
            prefix.append(token_id)
        pickup = pickup_ticks(self.vocabulary.tokens[plan.prefix[0]])
        for (section, number), ids in plan.bars.items():
            state = grammar.at(section, number, pickup)
            for token_id in ids:
                state = grammar.next(state, token_id) if state is not None else None
            if state is None:
                raise InputError(f"bar {number} of part {'ABC'[section]} does not fit a {prompt.rhythm} that is varied")
        return prefix

    def _finish(self, draft: _Draft, ids: Sequence[int], started: float) -> Composed | SamplingError | None:
        """The tune, or None to draw it again, or the failure when it was drawn often enough."""
        prompt = draft.prompt
        tokens = self.vocabulary.decode(ids)
        tune = composition.tune_of(tokens, prompt, draft.title) if tokens[-1] == "|]" else None
        wrong = well_formed(tune, prompt.key, prompt.form) if tune else "too long"
        if tune and not wrong and prompt.vary and unchanged(tune, prompt):
            wrong = UNCHANGED
        nearest = self._index.nearest(decode(tokens), draft.given.marks(tokens)) if self._index else NOBODY
        if tune and not wrong and not nearest.too_close:
            seconds = time.monotonic() - started
            return Composed(prompt, tune, tuple(tokens), draft.draw + 1, seconds, nearest, draft.temperature)
        wrong = wrong or f"too close to {nearest.title}"
        draft.temperature += WARMER * (draft.draw >= PATIENCE)
        if draft.draw + 1 < DRAWS:
            return None
        return SamplingError(f"no good tune came out in {DRAWS} draws (the last was {wrong}): try another seed")

    def _named(self, prompts: Sequence[Prompt]) -> list[str]:
        """A title for each."""
        if self._titles:
            return self._titles.draw([(prompt.rhythm, prompt.seed) for prompt in prompts])
        return [composition.plain_title(prompt) for prompt in prompts]


def numbered(prompt: Prompt, count: int) -> list[Prompt]:
    """The prompts of `count` tunes: tune i has seed + i."""
    return [replace(prompt, seed=prompt.seed + i) for i in range(count)]
