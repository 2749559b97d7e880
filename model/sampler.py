"""Prompts -> tunes: many prompts as one batch, each token drawn from what the grammar allows.

Each tune draws from its own random stream, so the same seed and checkpoint give the same tune whatever the batch.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model import composition
from model.checkpoint import Checkpoint
from model.errors import CheckpointError, InputError, SamplingError
from model.form import well_formed
from model.grammar import END, Grammar, Rules, State
from model.jobs import Prompt
from model.network import restored
from model.notation import Tune
from model.originality import NOBODY, Index, Nearest
from model.prepare import input_sizes
from model.titles import Titles
from model.tokens import Cursor, decode, token_ticks
from model.vocabulary import Vocabulary

DRAWS = 30  # attempts at one tune before giving up
PATIENCE = 5  # draws too close to a known tune, after which the temperature rises
WARMER = 0.1  # by so much each time
LONGEST_TUNE = 2_000  # tokens
_ROWS = 8  # batches are padded to a multiple of this: float32 products of fewer rows differ in their last bits


@dataclass(frozen=True)
class Composed:
    """A finished tune: how many tokens and draws it took, and the seconds since its batch began.

    `nearest` is the corpus tune most like it; `temperature` is higher than the prompt's if it took many draws to get
    away from known tunes.
    """

    prompt: Prompt
    tune: Tune
    tokens: int
    draws: int
    seconds: float
    nearest: Nearest
    temperature: float


@dataclass
class _Row:
    """One prompt on its way through the batch."""

    index: int
    prompt: Prompt
    grammar: Grammar
    forced: list[int]
    temperature: float
    draw: int = 0
    too_close: int = 0
    state: State = Grammar.start
    cursor: Cursor = field(default_factory=Cursor)
    ids: list[int] = field(default_factory=list)
    random: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))

    def restart(self) -> None:
        stream = np.random.Philox(key=[self.prompt.seed, self.draw])
        self.random = np.random.Generator(stream).random(LONGEST_TUNE)
        self.state, self.cursor, self.ids = Grammar.start, Cursor(), []


class Sampler:
    """A network with its note vocabulary, ready to compose."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        titles: Titles | None = None,
        index: Index | None = None,
        device: torch.device | None = None,
    ) -> None:
        """CheckpointError if `checkpoint` is not of whole notes, or its weights do not fit its config."""
        self.vocabulary = Vocabulary.from_json(checkpoint.vocabulary)
        if self.vocabulary.kind != "notes":
            raise CheckpointError(f"the {checkpoint.preset} checkpoint writes characters; composing needs preset trad")
        self.device = device or torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.network = restored(checkpoint.network, checkpoint.weights).to(self.device)
        if self.network.config.input_sizes != input_sizes(self.vocabulary):
            raise CheckpointError("the checkpoint was trained with other inputs than this release gives")
        self._titles, self._index = titles, index
        self._grammars: dict[Rules, Grammar] = {}
        self.measure_mask = False  # costs a softmax a token; `mask_removed` is the mean probability that it removed
        self._removed: list[float] = []

    @property
    def mask_removed(self) -> float:
        return sum(self._removed) / len(self._removed) if self._removed else 0.0

    def compose(self, prompts: Sequence[Prompt]) -> list[Composed]:
        """One tune for each prompt, in order. Raises the first failure: InputError or SamplingError."""
        composed: dict[int, Composed] = {}
        for index, outcome in self.stream(prompts):
            if isinstance(outcome, Exception):
                raise outcome
            composed[index] = outcome
        return [composed[index] for index in range(len(prompts))]

    @torch.inference_mode()
    def stream(self, prompts: Sequence[Prompt]) -> Iterator[tuple[int, Composed | InputError | SamplingError]]:
        """Compose all `prompts` as one batch and yield each, by its index, as soon as it ends."""
        started = time.monotonic()
        rows: list[_Row] = []
        for index, prompt in enumerate(prompts):
            try:
                rows.append(self._row(index, prompt))
            except InputError as error:
                yield index, error
        h, c = self._zeros(len(rows))
        while rows:
            logits, (h, c) = self._step(rows, h, c)
            going: list[int] = []
            for place, row in enumerate(rows):
                self._take(row, logits[place])
                if row.state.stage != END and len(row.ids) < LONGEST_TUNE:
                    going.append(place)
                    continue
                outcome = self._finish(row, started)
                if outcome is not None:
                    yield row.index, outcome
                    continue
                row.draw += 1
                row.restart()
                h[:, place], c[:, place] = 0, 0
                going.append(place)
            if len(going) < len(rows):
                rows, (h, c) = [rows[place] for place in going], self._kept(h, c, going)

    def _row(self, index: int, prompt: Prompt) -> _Row:
        rules = composition.rules(prompt, self.vocabulary)
        grammar = self._grammars.setdefault(rules, Grammar(self.vocabulary, rules))
        if len(self._grammars) > 200:  # a grammar fills up to a few megabytes; keys x forms x rhythms are many
            self._grammars.pop(next(iter(self._grammars)))
        row = _Row(index, prompt, grammar, self._forced(grammar, prompt), prompt.temperature)
        row.restart()
        return row

    def _forced(self, grammar: Grammar, prompt: Prompt) -> list[int]:
        opening = composition.opening_tokens(prompt, self.vocabulary)
        if not opening:
            return []
        state: State | None = grammar.start
        forced: list[int] = []
        while state is not None and (mask := grammar.mask(state)).sum() == 1:  # the header leaves no choice
            forced.append(int(np.flatnonzero(mask)[0]))
            state = grammar.next(state, forced[-1])
        bar = 1
        for token in opening:
            token_id = self.vocabulary.ids[token]
            state = grammar.next(state, token_id) if state is not None else None
            if state is None:
                raise InputError(f"bar {bar} of the opening cannot begin a {prompt.rhythm} of form {prompt.form}")
            bar += token == "|"
            forced.append(token_id)
        return forced

    def _zeros(self, count: int) -> tuple[Tensor, Tensor]:
        rows = -(-max(count, 1) // _ROWS) * _ROWS
        zeros = torch.zeros(self.network.config.layers, rows, self.network.config.hidden, device=self.device)
        return zeros, zeros.clone()

    def _kept(self, h: Tensor, c: Tensor, going: list[int]) -> tuple[Tensor, Tensor]:
        new_h, new_c = self._zeros(len(going))
        new_h[:, : len(going)], new_c[:, : len(going)] = h[:, going], c[:, going]
        return new_h, new_c

    def _step(self, rows: list[_Row], h: Tensor, c: Tensor) -> tuple[NDArray[np.float64], tuple[Tensor, Tensor]]:
        """Logits [rows, vocabulary] after each row's last token; a row without tokens gets zeros' logits, unused."""
        inputs = np.zeros((h.shape[1], 1, len(self.network.config.input_sizes)), dtype=np.int64)
        for place, row in enumerate(rows):
            if row.ids:
                inputs[place, 0] = (row.ids[-1], *row.cursor.place_ids(), *row.cursor.lookback())
        fresh = [place for place, row in enumerate(rows) if not row.ids]
        logits, (new_h, new_c) = self.network(torch.from_numpy(inputs).to(self.device), (h, c))
        new_h[:, fresh], new_c[:, fresh] = 0, 0  # nothing was read yet
        return logits[: len(rows), 0].double().cpu().numpy(), (new_h, new_c)

    def _take(self, row: _Row, logits: NDArray[np.float64]) -> None:
        mask = row.grammar.mask(row.state)
        if len(row.ids) < len(row.forced):
            token_id = row.forced[len(row.ids)]
        else:
            token_id = choose(logits, mask, row.temperature, row.random[len(row.ids)])
            if self.measure_mask and row.cursor.position >= 0:  # the header is asked for, not predicted
                weights = np.exp(logits - logits.max())
                self._removed.append(1 - float(weights[mask].sum() / weights.sum()))
        row.ids.append(token_id)
        row.cursor.advance(self.vocabulary.tokens[token_id], token_id)
        following = row.grammar.next(row.state, token_id)
        assert following is not None, "the mask and the moves of a grammar agree"
        row.state = following

    def _finish(self, row: _Row, started: float) -> Composed | SamplingError | None:
        """The tune, or None to draw it again, or the failure when it was drawn often enough."""
        prompt = row.prompt
        tokens = self.vocabulary.decode(row.ids)
        tune = composition.tune_of(tokens, prompt, self._title(prompt)) if tokens[-1] == "|]" else None
        wrong = well_formed(tune, prompt.key, prompt.form) if tune else "too long"
        nearest = self._index.nearest(decode(tokens), _notes(row.forced, self.vocabulary)) if self._index else NOBODY
        if tune and not wrong and not nearest.too_close:
            seconds = time.monotonic() - started
            return Composed(prompt, tune, len(tokens), row.draw + 1, seconds, nearest, row.temperature)
        if nearest.too_close:
            wrong = f"too close to {nearest.title}"
            row.too_close += 1
            row.temperature += WARMER * (row.too_close > PATIENCE)
        if row.draw + 1 < DRAWS:
            return None
        return SamplingError(f"no good tune came out in {DRAWS} draws (the last was {wrong}): try another seed")

    def _title(self, prompt: Prompt) -> str:
        return self._titles.draw(prompt.rhythm, prompt.seed) if self._titles else composition.plain_title(prompt)


def _notes(forced: Sequence[int], vocabulary: Vocabulary) -> int:
    """How many of the `forced` tokens are notes; rests do not count."""
    return sum(token_ticks(token) > 0 and not token.startswith("z") for token in vocabulary.decode(forced))


def choose(logits: NDArray[np.float64], mask: NDArray[np.bool_], temperature: float, uniform: float) -> int:
    """Draw from softmax(logits / temperature) over the tokens that `mask` allows, at `uniform` in [0, 1) of its CDF."""
    allowed = np.flatnonzero(mask)
    if len(allowed) == 1:
        return int(allowed[0])
    scaled = logits[allowed] / temperature
    weights = np.exp(scaled - scaled.max())
    cumulative = np.cumsum(weights)
    at = np.searchsorted(cumulative, uniform * cumulative[-1], side="right")
    return int(allowed[min(int(at), len(allowed) - 1)])


def numbered(prompt: Prompt, count: int) -> list[Prompt]:
    """The prompts of `count` tunes: tune i has seed + i."""
    return [replace(prompt, seed=prompt.seed + i) for i in range(count)]
