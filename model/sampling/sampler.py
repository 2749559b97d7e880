"""Composes tunes for prompts: many prompts as one batch, each token drawn from what the grammar allows.

Of each tune several drafts are drawn, of which a critic chooses one (model.sampling.critic). Each draft has its own
random stream, so the same seed and checkpoint give the same tune whatever the batch.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
import torch
from cachetools import LRUCache

from model.encoding.inputs import INPUTS, input_sizes
from model.encoding.part_plan import Plan, Plans
from model.encoding.tokenizer import NormalizedTune, decode
from model.encoding.vocabulary import Vocabulary
from model.errors import CheckpointError, InputError, SamplingError
from model.music.key import Key
from model.music.parts import well_formed
from model.music.tune import Tune
from model.network.checkpoint import Checkpoint
from model.network.lstm import restored
from model.network.stepper import Stepper
from model.prompt import Prompt, plain_title
from model.sampling import detokenize
from model.sampling.critic import DRAFTS, Critic
from model.sampling.decoder import Decoder
from model.sampling.grammar import Grammar, Rules, State, pickup_ticks
from model.sampling.originality import NOTHING_NEAR, Index, Nearest
from model.sampling.pending_prompt import CHOOSING, PLANNING, Draft, PendingPrompt, random_stream
from model.sampling.threads import run_on_threads, thread_count
from model.sampling.titles import Titles
from model.sampling.variation import GivenTokens, given_tokens, unchanged

DRAWS = 30  # attempts at one tune before giving up
UNCHANGED = "the tune that it varies"
IDLE = 1 / 8  # the share of a batch's rows that have ended, at which they are dropped
GRAMMARS = 64  # compiled ones that are cached: up to half a megabyte each


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
        """How many tokens it was drawn as."""
        return len(self.spelled)

    @property
    def normalized(self) -> NormalizedTune:
        """The tune as the corpus spells it."""
        return detokenize.normalized(self.spelled, self.prompt)


class Sampler:
    """A network with its note vocabulary, ready to compose.

    `drafts` is how many are drawn for each tune. `measure_mask` has the sampler measure `mask_removed`, the mean
    probability that the grammar took from the music's tokens; that costs a softmax a token.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        titles: Titles | None = None,
        index: Index | None = None,
        critic: Critic | None = None,
        device: torch.device | None = None,
    ) -> None:
        """A `critic` that was trained on another network is not used, and one draft is drawn of each tune.

        Raises CheckpointError if `checkpoint` is not of whole notes, or its weights or facts do not fit its config.
        """
        self.vocabulary = Vocabulary.from_json(checkpoint.vocabulary)
        if self.vocabulary.kind != "notes":
            raise CheckpointError(f"the {checkpoint.preset} checkpoint writes characters; composing needs preset trad")
        self.device = device or torch.device("cuda" if torch.cuda.is_available() else "cpu")
        network = restored(checkpoint.network, checkpoint.weights)
        inputs = network.config.inputs
        if not set(inputs) <= set(INPUTS) or network.config.input_sizes != input_sizes(self.vocabulary, inputs):
            raise CheckpointError("the checkpoint was trained with other inputs than this release gives")
        if network.config.vocabulary != len(self.vocabulary):
            raise CheckpointError("the checkpoint's network has not as many outputs as its vocabulary has tokens")
        self.stepper = Stepper(network, self.device)
        self._titles, self._index = titles, index
        self._critic = critic if critic and critic.knows(checkpoint) else None
        self.drafts = DRAFTS if self._critic else 1
        self._plans = Plans.from_facts(checkpoint.facts)
        self._grammars = LRUCache[Rules, Grammar](GRAMMARS)
        self.measure_mask = False
        self._measured: list[tuple[float, int]] = []

    def warm_up(self) -> None:
        """Compiles the kernels, which takes seconds, or reads them from the disk, before the first tune needs them."""
        prompt = Prompt(Key.parse("D"), "reel")
        self._titles_for([prompt])
        with suppress(InputError):  # perhaps it never learned reels
            Decoder(self.stepper, self._pending(0, prompt).sequences()).step()

    @property
    def mask_removed(self) -> float:
        return sum(removed for removed, _ in self._measured) / max(1, sum(predicted for _, predicted in self._measured))

    def compose(self, prompts: Sequence[Prompt]) -> list[Composed]:
        """One tune for each prompt, in order. Raises the first failure: InputError or SamplingError."""
        composed: dict[int, Composed] = {}
        for index, outcome in self.stream(prompts):
            if isinstance(outcome, Exception):
                raise outcome
            composed[index] = outcome
        return [composed[index] for index in range(len(prompts))]

    def stream(self, prompts: Sequence[Prompt]) -> Iterator[tuple[int, Composed | InputError | SamplingError]]:
        """Composes `prompts` as a batch. Yields each tune, or the error that ended it, with the prompt's index.

        Drafts that give no good tune are drawn again.
        """
        started = time.monotonic()
        pending: list[PendingPrompt] = []
        for index, prompt in enumerate(prompts):
            try:
                pending.append(self._pending(index, prompt))
            except InputError as error:
                yield index, error
        titles = self._titles_for([one.prompt for one in pending]) if pending else []
        for one, title in zip(pending, titles, strict=True):
            one.title = title
        while pending:
            again: list[PendingPrompt] = []
            for one in self._draw(pending):
                outcome = self._choose(one, started)
                if outcome is None:
                    one.draw, one.ended = one.draw + 1, []
                    again.append(one)
                else:
                    yield one.index, outcome
            pending = again

    def _draw(self, pending: Sequence[PendingPrompt]) -> Iterator[PendingPrompt]:
        """Draws the drafts of `pending` once, and yields each prompt when all of its own have ended."""
        threads = torch.get_num_threads() if self.device.type == "cpu" else 1
        parts = thread_count(len(pending) * self.drafts, threads)
        return run_on_threads([self._draw_batch(pending[part::parts]) for part in range(parts)])

    def _draw_batch(self, pending: Sequence[PendingPrompt]) -> Iterator[PendingPrompt | None]:
        """The same in one batch; None between steps, see run_on_threads."""
        drafts: list[tuple[PendingPrompt, int] | None] = [
            (one, draft.number) for one in pending for draft in one.drafts
        ]
        decoder = Decoder(self.stepper, [row for one in pending for row in one.sequences()], self.measure_mask)
        while going := sum(draft is not None for draft in drafts):
            if going <= decoder.count * (1 - IDLE):
                rows = [row for row, draft in enumerate(drafts) if draft]
                decoder.keep(rows)
                drafts = [drafts[row] for row in rows]
            for _ in range(self._steps_per_check):
                decoder.step()
            yield None
            for row in decoder.ended():
                draft = drafts[row]
                if draft is None:  # it had ended before
                    continue
                one, number = draft
                one.ended.append((number, decoder.ids(row)))
                drafts[row] = None
                if len(one.ended) == len(one.drafts):
                    yield one
        if self.measure_mask:
            self._measured.append((float(decoder.removed), int(decoder.predicted)))

    @property
    def _steps_per_check(self) -> int:
        """Steps between two checks which tunes have ended: a check makes the host wait for an accelerator."""
        return 1 if self.device.type == "cpu" else 16

    def _pending(self, index: int, prompt: Prompt) -> PendingPrompt:
        rules = detokenize.rules(prompt, self.vocabulary)
        given = given_tokens(prompt, self.vocabulary)
        drafts = []
        for number in range(self.drafts):
            plans = self._plans_for(prompt, number, len(rules.sections), given.plans)
            grammar = self._grammar(replace(rules, closes=tuple(plan.closes for plan in plans[:-1])))
            closing = grammar.rules.closing
            ids = tuple(plan._replace(closes=c).id for plan, c in zip(plans, closing, strict=False))
            drafts.append(Draft(number, grammar, ids, self._prefix(grammar, given, prompt)))
        return PendingPrompt(index, prompt, given, drafts)

    def _grammar(self, rules: Rules) -> Grammar:
        if (grammar := self._grammars.get(rules)) is None:
            grammar = self._grammars[rules] = Grammar(self.vocabulary, rules)
        return grammar

    def _plans_for(self, prompt: Prompt, draft: int, parts: int, known: tuple[Plan, ...]) -> tuple[Plan, ...]:
        """The plans of the parts of a draft, `known` for the first of them."""
        uniform = random_stream(prompt, PLANNING + draft).random()
        return known + self._plans.draw(prompt.rhythm, parts, uniform)[len(known) :]

    def _prefix(self, grammar: Grammar, given: GivenTokens, prompt: Prompt) -> list[int]:
        """The ids that the tune begins with, its header included; none where nothing is given.

        Raises InputError where the grammar does not allow what is given.
        """
        if not given.prefix:
            return []
        state: State | None = grammar.start
        prefix: list[int] = []
        while state is not None and (mask := grammar.mask(state)).sum() == 1:  # the header leaves no choice
            prefix.append(int(np.flatnonzero(mask)[0]))
            state = grammar.next(state, prefix[-1])
        bar = 1
        for token_id in given.prefix:
            state = grammar.next(state, token_id) if state is not None else None
            if state is None:
                raise InputError(f"bar {bar} of the opening cannot begin a {prompt.rhythm} of form {prompt.form}")
            bar += self.vocabulary.tokens[token_id] == "|"
            prefix.append(token_id)
        pickup = pickup_ticks(self.vocabulary.tokens[given.prefix[0]])
        for (section, number), ids in given.bars.items():
            state = grammar.at(section, number, pickup)
            for token_id in ids:
                state = grammar.next(state, token_id) if state is not None else None
            if state is None:
                raise InputError(f"bar {number} of part {'ABC'[section]} does not fit a {prompt.rhythm} that is varied")
        return prefix

    def _choose(self, one: PendingPrompt, started: float) -> Composed | SamplingError | None:
        """The tune, None to draw again, or the error when that was done DRAWS times."""
        drafts = [self.vocabulary.decode(ids) for _, ids in sorted(one.ended)]
        whole = [tokens for tokens in drafts if tokens[-1] == "|]"]
        if self._critic and len(whole) > 1:
            tunes = [detokenize.normalized(tokens, one.prompt) for tokens in whole]
            random = random_stream(one.prompt, CHOOSING + one.draw)
            whole = [whole[number] for number in self._critic.order(tunes, random)]
        wrong = "too long"
        for tokens in whole:
            found = self._finish(one, tokens, started)
            if isinstance(found, Composed):
                return found
            wrong = found
        if one.draw + 1 < DRAWS:
            return None
        return SamplingError(f"no good tune came out in {DRAWS} draws (the last was {wrong}): try another seed")

    def _finish(self, one: PendingPrompt, tokens: list[str], started: float) -> Composed | str:
        """The tune that `tokens` spell, or what is wrong with it."""
        prompt = one.prompt
        tune = detokenize.tune_of(tokens, prompt, one.title)
        if wrong := well_formed(tune, prompt.key, prompt.form):
            return wrong
        if prompt.vary and unchanged(tune, prompt):
            return UNCHANGED
        nearest = self._index.nearest(decode(tokens), one.given.marks(tokens)) if self._index else NOTHING_NEAR
        if nearest.too_close:
            return f"too close to {nearest.title}"
        seconds = time.monotonic() - started
        return Composed(prompt, tune, tuple(tokens), one.draw + 1, seconds, nearest, one.temperature)

    def _titles_for(self, prompts: Sequence[Prompt]) -> list[str]:
        if self._titles:
            return self._titles.draw([(prompt.rhythm, prompt.seed) for prompt in prompts])
        return [plain_title(prompt.rhythm, prompt.seed) for prompt in prompts]


def numbered(prompt: Prompt, count: int) -> list[Prompt]:
    """The prompts of `count` tunes: tune i has seed + i."""
    return [replace(prompt, seed=prompt.seed + i) for i in range(count)]
