"""A version that likes what the members like: the way out of a network is tuned on voted tunes.

The LSTM stays as it is, so it runs over each tune once and what it says is kept. Between it and the output layer a
linear map learns, h -> h + A h, from A = 0, and the output layer's bias; afterwards the output layer takes the map up.
A map moves tokens that sound alike together, which the output layer's own weights would not. The loss is, over a batch
of voted tunes t, and over tokens of corpus tunes,

    mean of |w| softplus(-sign(w) BETA d) / BETA   +   KEPT KL(base || tuned) for each tune of the corpus

where w is how much t is liked, by what all votes say of its features (model.retraining.preference), and d = log p(t) - log p_base(t),
evened out for length. The first term raises liked tunes and lowers disliked ones until they stand apart by about
1 / BETA (it is KTO's, Ethayarajh et al. 2024, without its estimate of the KL); the second keeps what was learned from
the books. In the end as much is taken back as it needs for the books to cost at most DEARER more. `base` is always
version 1, however often a version was tuned.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from model.encoding.vocabulary import Vocabulary
from model.errors import CheckpointError, InputError, ModelError
from model.network.checkpoint import Checkpoint
from model.network.lstm import NetworkConfig, restored, with_copies
from model.retraining.likelihood import Rows, read_all, same_body, tune_log_probabilities
from model.retraining.preference import likings
from model.retraining.replay import Tokens
from model.retraining.voted_tunes import Voted

FEWEST = 8  # voted tunes to train on, of each kind
STEPS, RATE, MOMENTUM = 90, 1.2e-3, 0.9  # of gradient descent
BIAS = 3.0  # how much faster than the map the bias learns, to which the gates of copying listen
BATCH, CORPUS_TOKENS = 32, 1500  # tunes and tokens a step
BETA = 0.1  # per nat
KEPT = 0.2  # what a nat of KL per corpus tune costs
DEARER = 0.02  # by what share a corpus tune may become less likely in the end; the gate asks as much of others
BACK = 0.85  # of its way it keeps when it has gone too far


@dataclass
class Tuned:
    """The candidate, how much each voted tune is liked, and (step, loss) on the way."""

    checkpoint: Checkpoint
    likings: NDArray[np.float64]
    losses: list[tuple[int, float]] = field(default_factory=list)


Progress = Callable[[int, int, float], None]  # steps done, steps, loss


class _Mapped(nn.Module):
    """The output layer behind a map of its input, h -> h + A h; the map and the bias alone learn."""

    def __init__(self, output: nn.Linear) -> None:
        super().__init__()
        self.output = output.requires_grad_(False)
        self.map = nn.Parameter(torch.zeros(output.in_features, output.in_features))
        self.bias = nn.Parameter(torch.zeros(output.out_features))

    def forward(self, hidden: Tensor) -> Tensor:
        mapped: Tensor = self.output(hidden + F.linear(hidden, self.map)) + BIAS * self.bias
        return mapped

    def weights(self) -> dict[str, Tensor]:
        """The output layer that does the same without a map before it."""
        weight, bias = self.output.weight + self.output.weight @ self.map, self.output.bias + BIAS * self.bias
        return {"output.weight": weight.detach(), "output.bias": bias.detach()}


def _evened(lengths: Tensor) -> Tensor:
    """What log probabilities are multiplied with, so that those of long tunes are not louder: 1 at the mean length.

    They are sums over tokens, whose chance differences grow as the root of the length does.
    """
    wide = lengths.float()
    return (wide.mean() / wide).sqrt()


def finetune(
    current: Checkpoint,
    base: Checkpoint,
    voted: Sequence[Voted],
    corpus: Sequence[Tokens],
    *,
    seed: int = 0,
    steps: int = STEPS,
    progress: Progress = lambda *_: None,
) -> Tuned:
    """Tune a copy of `current` on the `voted` tunes, remembering the `corpus` tunes as `base` knows them.

    Where `current` was not tuned from `base`, it is its own. InputError for too few voted tunes, CheckpointError for a
    checkpoint of characters, ModelError where the loss ends up as no number.
    """
    check(current, voted)
    tuner = _Tuner.of(current, base, voted, corpus)
    generator = torch.Generator().manual_seed(seed)
    losses = []
    for step in range(steps):
        loss = tuner.step(RATE * (1 - step / steps), generator)
        if not math.isfinite(loss):
            raise ModelError(f"tuning diverged at step {step}: the loss is not a number")
        losses.append((step, round(loss, 4)))
        progress(step + 1, steps, loss)
    tuner.hold_back()
    tuned = replace(current, weights={**current.weights, **tuner.readout.weights()})
    return Tuned(tuned, tuner.likings.double().numpy(), losses)


@dataclass(frozen=True)
class _Tuner:
    """The output layer that learns, the base's, and what the LSTM said of the voted tunes and of the corpus'."""

    config: NetworkConfig
    readout: _Mapped
    first: nn.Linear
    voted: Rows
    likings: Tensor  # of the voted tunes
    before: Tensor  # their log p by the base
    corpus: Rows
    optimizer: torch.optim.Optimizer

    @classmethod
    def of(cls, current: Checkpoint, base: Checkpoint, voted: Sequence[Voted], corpus: Sequence[Tokens]) -> "_Tuner":
        network, vocabulary = restored(current.network, current.weights), Vocabulary.from_json(current.vocabulary)
        first = restored(base.network, base.weights).output if same_body(current, base) else network.output
        reads = [read_all(network, vocabulary, read) for read in ([tune.tokens for tune in voted], corpus)]
        tunes = Rows.of(reads[0])
        readout = _Mapped(network.output)
        with torch.no_grad():
            before = tune_log_probabilities(first, tunes, network.config)
        return cls(
            network.config,
            readout,
            first,
            tunes,
            torch.from_numpy(likings(voted)).float(),
            before,
            Rows.of(reads[1]),
            torch.optim.SGD([readout.map, readout.bias], RATE, MOMENTUM),
        )

    def step(self, rate: float, generator: torch.Generator) -> float:
        """One step of gradient descent; the loss before it."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss = self._taste(generator) + KEPT * self._forgotten(generator)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return loss.item()

    @torch.no_grad()
    def hold_back(self) -> None:
        """Take back what was learned, step by step, until the corpus costs at most DEARER more than the base asks."""
        most = (1 + DEARER) * self._nats(self.first)
        while self._nats(self.readout) > most and self.readout.map.abs().max() > 1e-6:
            self.readout.map.mul_(BACK)
            self.readout.bias.mul_(BACK)

    def _nats(self, readout: nn.Module) -> float:
        """What the corpus costs."""
        return -float(tune_log_probabilities(readout, self.corpus, self.config).sum())

    def _taste(self, generator: torch.Generator) -> Tensor:
        """How far a batch of liked and disliked tunes still is from standing apart."""
        chosen = torch.randperm(self.voted.tunes, generator=generator)[:BATCH]
        batch = self.voted.at(torch.isin(self.voted.tune, chosen).nonzero()[:, 0])
        gained = (tune_log_probabilities(self.readout, batch, self.config) - self.before)[chosen]
        gained = gained * _evened(self.voted.lengths)[chosen]
        wanted = self.likings[chosen]
        return (wanted.abs() * F.softplus(-wanted.sign() * BETA * gained)).mean() / BETA

    def _forgotten(self, generator: torch.Generator) -> Tensor:
        """KL(base || tuned) for each tune of the corpus, in nats."""
        count = len(self.corpus.targets)
        tokens = self.corpus.at(torch.randint(count, (min(CORPUS_TOKENS, count),), generator=generator))
        with torch.no_grad():
            before = with_copies(self.first(tokens.hidden), tokens.inputs, self.config).log_softmax(-1)
        after = with_copies(self.readout(tokens.hidden), tokens.inputs, self.config).log_softmax(-1)
        return F.kl_div(after, before, reduction="batchmean", log_target=True) * count / self.corpus.tunes


def check(current: Checkpoint, voted: Sequence[Voted]) -> None:
    """InputError for too few voted tunes to train on, CheckpointError for a checkpoint of characters."""
    up = sum(tune.weight > 0 for tune in voted)
    if min(up, len(voted) - up) < FEWEST:
        raise InputError(
            f"{up} liked and {len(voted) - up} disliked tunes to learn from: at least {FEWEST} of each are needed"
        )
    if Vocabulary.from_json(current.vocabulary).kind != "notes":
        raise CheckpointError(f"the {current.preset} checkpoint writes characters; members' votes tune preset trad")
