"""Tunes the output of a version on voted tunes, so that it composes more of what members like.

The LSTM stays as it is, so it runs over each tune once and its hidden states are kept. Between it and the output layer
a linear map learns, h -> h + A h, from A = 0, and the output layer's bias; afterwards the map is merged into the output
layer. A map changes tokens with similar output weights together, which tuning these weights alone would not. The loss
is, over a batch of voted tunes t, and over tokens of corpus tunes,

    mean of |w| softplus(-sign(w) beta d) / beta   +   kl_weight KL(base || tuned) for each tune of the corpus

where w is the preference for t (model.retraining.preference), and d = log p(t) - log p_base(t), scaled for length. The
first term makes liked tunes more likely and disliked ones less, until they differ by about 1 / beta (it is KTO's,
Ethayarajh et al. 2024, without its estimate of the KL); the second keeps what was learned from the books. In the end
the change is scaled down until the books cost at most `most_cost` more. `base` is always version 1, however often a
version was tuned.
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
from model.retraining.likelihood import HiddenStates, hidden_states, same_lstm, tune_log_probabilities
from model.retraining.preference import preferences
from model.retraining.protocol import FEWEST
from model.retraining.replay import Tokens
from model.retraining.voted_tunes import VotedTune


@dataclass(frozen=True)
class TuningSettings:
    """Hyperparameters of the tuning."""

    steps: int = 90
    rate: float = 1.2e-3  # of gradient descent, at the first step; it falls to 0
    momentum: float = 0.9
    bias_rate: float = 3.0  # times the map's: the gates that copy what stood before depend on the bias
    batch: int = 32  # voted tunes a step
    corpus_tokens: int = 1500  # a step
    beta: float = 0.1  # per nat
    kl_weight: float = 0.2  # loss for each nat of KL per corpus tune
    most_cost: float = 0.02  # share by which the corpus may become less likely; the gate tests other tunes for as much
    shrink: float = 0.85  # factor on the change while the corpus costs more than that


SETTINGS = TuningSettings()


@dataclass
class Tuned:
    """The candidate, the preference for each voted tune, and (step, loss) of the tuning."""

    checkpoint: Checkpoint
    preferences: NDArray[np.float64]
    losses: list[tuple[int, float]] = field(default_factory=list)


Progress = Callable[[int, int, float], None]  # steps done, steps, loss


class _MappedOutput(nn.Module):
    """The output layer behind a map of its input, h -> h + A h; only the map and the bias learn."""

    def __init__(self, output: nn.Linear, bias_rate: float) -> None:
        super().__init__()
        self.output = output.requires_grad_(False)
        self.map = nn.Parameter(torch.zeros(output.in_features, output.in_features))
        self.bias = nn.Parameter(torch.zeros(output.out_features))
        self._bias_rate = bias_rate

    def forward(self, hidden: Tensor) -> Tensor:
        """Logits [..., tokens] for hidden states [..., hidden]."""
        logits: Tensor = self.output(hidden + F.linear(hidden, self.map)) + self._bias_rate * self.bias
        return logits

    def merged(self) -> dict[str, Tensor]:
        """Weights of an output layer that gives the same logits without a map before it."""
        weight = self.output.weight + self.output.weight @ self.map
        bias = self.output.bias + self._bias_rate * self.bias
        return {"output.weight": weight.detach(), "output.bias": bias.detach()}


def finetune(
    current: Checkpoint,
    base: Checkpoint,
    voted: Sequence[VotedTune],
    corpus: Sequence[Tokens],
    *,
    seed: int = 0,
    settings: TuningSettings = SETTINGS,
    progress: Progress = lambda *_: None,
) -> Tuned:
    """Tune a copy of `current` on the `voted` tunes, keeping the `corpus` tunes about as likely as `base` finds them.

    Where `current` was not tuned from `base`, it is its own base. InputError for too few voted tunes, CheckpointError
    for a checkpoint of characters, ModelError where the loss ends up as no number.
    """
    check(current, voted)
    tuner = _Tuner.of(current, base, voted, corpus, settings)
    generator = torch.Generator().manual_seed(seed)
    losses = []
    for step in range(settings.steps):
        loss = tuner.step(settings.rate * (1 - step / settings.steps), generator)
        if not math.isfinite(loss):
            raise ModelError(f"tuning diverged at step {step}: the loss is not a number")
        losses.append((step, round(loss, 4)))
        progress(step + 1, settings.steps, loss)
    tuner.limit_corpus_cost()
    tuned = replace(current, weights={**current.weights, **tuner.output.merged()})
    return Tuned(tuned, tuner.preferences.double().numpy(), losses)


@dataclass(frozen=True)
class _Tuner:
    """The output layer that learns, the base's, and the LSTM's hidden states of the voted tunes and the corpus."""

    config: NetworkConfig
    settings: TuningSettings
    output: _MappedOutput
    base_output: nn.Linear
    voted: HiddenStates
    preferences: Tensor  # [voted tunes]
    base_log_p: Tensor  # of the voted tunes, in nats [voted tunes]
    corpus: HiddenStates
    optimizer: torch.optim.Optimizer

    @classmethod
    def of(
        cls,
        current: Checkpoint,
        base: Checkpoint,
        voted: Sequence[VotedTune],
        corpus: Sequence[Tokens],
        settings: TuningSettings,
    ) -> "_Tuner":
        network, vocabulary = restored(current.network, current.weights), Vocabulary.from_json(current.vocabulary)
        base_output = restored(base.network, base.weights).output if same_lstm(current, base) else network.output
        states = HiddenStates.joined(hidden_states(network, vocabulary, [tune.tokens for tune in voted]))
        output = _MappedOutput(network.output, settings.bias_rate)
        with torch.no_grad():
            base_log_p = tune_log_probabilities(base_output, states, network.config)
        return cls(
            config=network.config,
            settings=settings,
            output=output,
            base_output=base_output,
            voted=states,
            preferences=torch.from_numpy(preferences(voted)).float(),
            base_log_p=base_log_p,
            corpus=HiddenStates.joined(hidden_states(network, vocabulary, corpus)),
            optimizer=torch.optim.SGD([output.map, output.bias], settings.rate, settings.momentum),
        )

    def step(self, rate: float, generator: torch.Generator) -> float:
        """One step of gradient descent; the loss before it."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss = self._preference_loss(generator) + self.settings.kl_weight * self._kl_from_base(generator)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return loss.item()

    @torch.no_grad()
    def limit_corpus_cost(self) -> None:
        """Scale the change down until the corpus costs at most `most_cost` more than with the base's output layer."""
        most = (1 + self.settings.most_cost) * self._corpus_nats(self.base_output)
        while self._corpus_nats(self.output) > most and self.output.map.abs().max() > 1e-6:
            self.output.map.mul_(self.settings.shrink)
            self.output.bias.mul_(self.settings.shrink)

    def _corpus_nats(self, output: nn.Module) -> float:
        return -float(tune_log_probabilities(output, self.corpus, self.config).sum())

    def _preference_loss(self, generator: torch.Generator) -> Tensor:
        """The first term of the loss, over a random batch of voted tunes."""
        beta = self.settings.beta
        chosen = torch.randperm(self.voted.tunes, generator=generator)[: self.settings.batch]
        batch = self.voted.select(torch.isin(self.voted.tune, chosen).nonzero()[:, 0])
        gained = (tune_log_probabilities(self.output, batch, self.config) - self.base_log_p)[chosen]
        gained = gained * _length_scale(self.voted.lengths)[chosen]
        wanted = self.preferences[chosen]
        return (wanted.abs() * F.softplus(-wanted.sign() * beta * gained)).mean() / beta

    def _kl_from_base(self, generator: torch.Generator) -> Tensor:
        """KL(base || tuned) for each tune of the corpus, in nats, estimated on random tokens."""
        count = len(self.corpus.targets)
        sample = min(self.settings.corpus_tokens, count)
        tokens = self.corpus.select(torch.randint(count, (sample,), generator=generator))
        with torch.no_grad():
            before = with_copies(self.base_output(tokens.hidden), tokens.inputs, self.config).log_softmax(-1)
        after = with_copies(self.output(tokens.hidden), tokens.inputs, self.config).log_softmax(-1)
        return F.kl_div(after, before, reduction="batchmean", log_target=True) * count / self.corpus.tunes


def check(current: Checkpoint, voted: Sequence[VotedTune]) -> None:
    """InputError for too few voted tunes to train on, CheckpointError for a checkpoint of characters."""
    up = sum(tune.weight > 0 for tune in voted)
    if min(up, len(voted) - up) < FEWEST:
        raise InputError(
            f"{up} liked and {len(voted) - up} disliked tunes to learn from: at least {FEWEST} of each are needed"
        )
    if Vocabulary.from_json(current.vocabulary).kind != "notes":
        raise CheckpointError(f"the {current.preset} checkpoint writes characters; members' votes tune preset trad")


def _length_scale(lengths: Tensor) -> Tensor:
    """Factors for log probabilities of tunes of these lengths, 1 at the mean length [tunes].

    A log probability is a sum over tokens, whose standard deviation grows as the root of the length does; without the
    factors long tunes would dominate.
    """
    lengths = lengths.float()
    return (lengths.mean() / lengths).sqrt()
