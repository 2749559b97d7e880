"""A version that likes what the members like: the readout of a network is tuned on voted tunes.

Only the output layer learns, so the LSTM runs over each tune once and what it says is kept. The loss is, over a batch
of voted tunes t with signed weight w, and over tokens of corpus tunes,

    mean of |w| softplus(-sign(w) BETA d) / BETA   +   KL(base || tuned) for each tune of the corpus

where d = log p(t) - log p_base(t). The first term raises liked tunes and lowers disliked ones until they stand apart
by about 1 / BETA (it is KTO's, Ethayarajh et al. 2024, without its estimate of the KL); the second keeps what was
learned from the books. `base` is always version 1: what is learned depends on the votes, not on the way there.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence

from model.checkpoint import Checkpoint
from model.errors import CheckpointError, InputError, ModelError
from model.network import Network, NetworkConfig, restored, with_copies
from model.prepare import features
from model.replay import Tokens
from model.vocabulary import Vocabulary
from model.voted import Voted

FEWEST = 8  # voted tunes to train on, of each kind
STEPS, RATE = 60, 3e-3
BATCH, CORPUS_TOKENS = 64, 3000  # a step
BETA = 0.1  # per nat
KEPT = 1.0  # what a nat of KL per corpus tune costs
AT_ONCE = 32  # tunes that the LSTM reads together


@dataclass(frozen=True)
class Read:
    """What an LSTM said of one tune: hidden [time, hidden], with inputs [time, inputs] and targets [time]."""

    hidden: Tensor
    inputs: Tensor
    targets: Tensor


@dataclass
class Tuned:
    """The candidate, and (step, loss) on the way."""

    checkpoint: Checkpoint
    losses: list[tuple[int, float]] = field(default_factory=list)


Progress = Callable[[int, int, float], None]  # steps done, steps, loss


@torch.inference_mode()
def read_all(network: Network, vocabulary: Vocabulary, tunes: Sequence[Tokens]) -> list[Read]:
    """Let the LSTM of `network` read `tunes`, each from an empty memory."""
    found: dict[int, Read] = {}
    order = sorted(range(len(tunes)), key=lambda i: len(tunes[i]))
    for start in range(0, len(order), AT_ONCE):
        places = order[start : start + AT_ONCE]
        pairs = [features(tunes[i], vocabulary, network.config.inputs) for i in places]
        hidden = network.hidden(pad_sequence([inputs for inputs, _ in pairs], batch_first=True))
        for row, (place, (inputs, targets)) in enumerate(zip(places, pairs, strict=True)):
            found[place] = Read(hidden[row, : len(targets)].clone(), inputs, targets)
    return [found[i] for i in range(len(tunes))]


@dataclass(frozen=True)
class _Tokens:
    """The tokens of some tunes in a row, with the place of each one's tune."""

    hidden: Tensor
    inputs: Tensor
    targets: Tensor
    tune: Tensor
    tunes: int

    @classmethod
    def of(cls, reads: Sequence[Read]) -> "_Tokens":
        lengths = torch.tensor([len(read.targets) for read in reads])
        return cls(
            torch.cat([read.hidden for read in reads]),
            torch.cat([read.inputs for read in reads]),
            torch.cat([read.targets for read in reads]),
            torch.repeat_interleave(torch.arange(len(reads)), lengths),
            len(reads),
        )

    def at(self, places: Tensor) -> "_Tokens":
        return replace(
            self,
            hidden=self.hidden[places],
            inputs=self.inputs[places],
            targets=self.targets[places],
            tune=self.tune[places],
        )


def _log_probabilities(readout: nn.Linear, tokens: _Tokens, config: NetworkConfig) -> Tensor:
    """Of each tune, in nats [tunes]."""
    logits = with_copies(readout(tokens.hidden), tokens.inputs, config)
    losses = F.cross_entropy(logits, tokens.targets, reduction="none")
    return torch.zeros(tokens.tunes).index_add(0, tokens.tune, -losses)


@torch.inference_mode()
def log_probabilities(checkpoint: Checkpoint, tunes: Sequence[Tokens]) -> Tensor:
    """log p of each tune, all its tokens but the first, grammar off, in nats [tunes]."""
    network = restored(checkpoint.network, checkpoint.weights)
    reads = read_all(network, Vocabulary.from_json(checkpoint.vocabulary), tunes)
    return torch.stack([_log_probabilities(network.output, _Tokens.of([read]), network.config)[0] for read in reads])


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
    _check(current, voted)
    tuner = _Tuner.of(current, base, voted, corpus)
    generator = torch.Generator().manual_seed(seed)
    losses = []
    for step in range(steps):
        loss = tuner.step(RATE * (1 - step / steps), generator)
        if not math.isfinite(loss):
            raise ModelError(f"tuning diverged at step {step}: the loss is not a number")
        losses.append((step, round(loss, 4)))
        progress(step + 1, steps, loss)
    tuned = {f"output.{name}": tensor.detach() for name, tensor in tuner.readout.state_dict().items()}
    return Tuned(replace(current, weights={**current.weights, **tuned}), losses)


@dataclass(frozen=True)
class _Tuner:
    """The readout that learns, the base's, and what the LSTM said of the voted tunes and of the corpus'."""

    config: NetworkConfig
    readout: nn.Linear
    first: nn.Linear
    voted: _Tokens
    weights: Tensor  # of the voted tunes
    before: Tensor  # their log p by the base
    corpus: _Tokens
    optimizer: torch.optim.Optimizer

    @classmethod
    def of(cls, current: Checkpoint, base: Checkpoint, voted: Sequence[Voted], corpus: Sequence[Tokens]) -> "_Tuner":
        network, vocabulary = restored(current.network, current.weights), Vocabulary.from_json(current.vocabulary)
        first = restored(base.network, base.weights).output if _same_body(current, base) else network.output
        tunes = _Tokens.of(read_all(network, vocabulary, [tune.tokens for tune in voted]))
        readout = nn.Linear(network.config.hidden, network.output.out_features)
        readout.load_state_dict(network.output.state_dict())
        with torch.no_grad():
            before = _log_probabilities(first, tunes, network.config)
        return cls(
            network.config,
            readout,
            first,
            tunes,
            _balanced(torch.tensor([tune.weight for tune in voted])),
            before,
            _Tokens.of(read_all(network, vocabulary, corpus)),
            torch.optim.Adam(readout.parameters(), RATE),
        )

    def step(self, rate: float, generator: torch.Generator) -> float:
        """One step of Adam; the loss before it."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss = self._taste(generator) + KEPT * self._forgotten(generator)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return loss.item()

    def _taste(self, generator: torch.Generator) -> Tensor:
        """How far a batch of liked and disliked tunes still is from standing apart."""
        chosen = torch.randperm(self.voted.tunes, generator=generator)[:BATCH]
        batch = self.voted.at(torch.isin(self.voted.tune, chosen).nonzero()[:, 0])
        gained = (_log_probabilities(self.readout, batch, self.config) - self.before)[chosen]
        wanted = self.weights[chosen]
        return (wanted.abs() * F.softplus(-wanted.sign() * BETA * gained)).mean() / BETA

    def _forgotten(self, generator: torch.Generator) -> Tensor:
        """KL(base || tuned) for each tune of the corpus, in nats."""
        count = len(self.corpus.targets)
        tokens = self.corpus.at(torch.randint(count, (min(CORPUS_TOKENS, count),), generator=generator))
        with torch.no_grad():
            before = with_copies(self.first(tokens.hidden), tokens.inputs, self.config).log_softmax(-1)
        after = with_copies(self.readout(tokens.hidden), tokens.inputs, self.config).log_softmax(-1)
        return F.kl_div(after, before, reduction="batchmean", log_target=True) * count / self.corpus.tunes


def _balanced(weights: Tensor) -> Tensor:
    """Signed weights, those up and those down adding up to as much, one on average."""
    up, down = weights.clamp(min=0).sum(), (-weights).clamp(min=0).sum()
    return torch.where(weights > 0, weights / up, weights / down) * len(weights) / 2


def _check(current: Checkpoint, voted: Sequence[Voted]) -> None:
    up = sum(tune.weight > 0 for tune in voted)
    if min(up, len(voted) - up) < FEWEST:
        raise InputError(
            f"{up} liked and {len(voted) - up} disliked tunes to learn from: at least {FEWEST} of each are needed"
        )
    if Vocabulary.from_json(current.vocabulary).kind != "notes":
        raise CheckpointError(f"the {current.preset} checkpoint writes characters; members' votes tune preset trad")


def _same_body(one: Checkpoint, other: Checkpoint) -> bool:
    """Whether two checkpoints differ in their output layer at most."""
    names = {name for name in one.weights if not name.startswith("output.")}
    return (
        (one.network, one.vocabulary) == (other.network, other.vocabulary)
        and names <= other.weights.keys()
        and all(torch.equal(one.weights[name], other.weights[name]) for name in names)
    )
