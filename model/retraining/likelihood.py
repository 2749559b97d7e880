"""How probable tunes are to checkpoints, from hidden states that are computed once.

Checkpoints that were tuned on votes differ in their output layer alone, so one run of the LSTM serves them all.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence

from model.encoding.examples import inputs_and_targets
from model.encoding.part_plan import Plans
from model.encoding.tokenizer import decode
from model.encoding.vocabulary import Vocabulary
from model.network.checkpoint import Checkpoint
from model.network.lstm import Network, NetworkConfig, restored, with_copies
from model.network.precision import mixed
from model.retraining.replay import Tokens

BATCH = 32  # tunes that the LSTM runs over together


@dataclass(frozen=True)
class HiddenStates:
    """What the LSTM gives for some tunes, one row a token: `tune` is the place of its tune, `lengths` are the tunes'.

    hidden [tokens, hidden], inputs [tokens, inputs], targets [tokens], tune [tokens], lengths [tunes].
    """

    hidden: Tensor
    inputs: Tensor
    targets: Tensor
    tune: Tensor
    lengths: Tensor

    @property
    def tunes(self) -> int:
        return len(self.lengths)

    @classmethod
    def of(cls, hidden: Tensor, inputs: Tensor, targets: Tensor) -> "HiddenStates":
        """Those of one tune: hidden [tokens, hidden], inputs [tokens, inputs], targets [tokens]."""
        return cls(hidden, inputs, targets, torch.zeros_like(targets), torch.tensor([len(targets)]))

    @classmethod
    def joined(cls, tunes: Sequence["HiddenStates"]) -> "HiddenStates":
        """Those of several tunes, each of which has its own."""
        lengths = torch.cat([tune.lengths for tune in tunes])
        return cls(
            hidden=torch.cat([tune.hidden for tune in tunes]),
            inputs=torch.cat([tune.inputs for tune in tunes]),
            targets=torch.cat([tune.targets for tune in tunes]),
            tune=torch.repeat_interleave(torch.arange(len(tunes)), lengths),
            lengths=lengths,
        )

    def select(self, rows: Tensor) -> "HiddenStates":
        """These tokens alone, of the same tunes. rows [chosen tokens]."""
        return replace(
            self,
            hidden=self.hidden[rows],
            inputs=self.inputs[rows],
            targets=self.targets[rows],
            tune=self.tune[rows],
        )


@torch.inference_mode()
def hidden_states(network: Network, vocabulary: Vocabulary, tunes: Sequence[Tokens]) -> list[HiddenStates]:
    """Run the LSTM of `network` over each of `tunes` from a zero state. float32, also from bfloat16 products."""
    found: dict[int, HiddenStates] = {}
    order = sorted(range(len(tunes)), key=lambda i: len(tunes[i]))
    for start in range(0, len(order), BATCH):
        batch = order[start : start + BATCH]
        pairs = [inputs_and_targets(tunes[i], vocabulary, network.config.inputs) for i in batch]
        with mixed(torch.device("cpu")):
            hidden = network.hidden(pad_sequence([inputs for inputs, _ in pairs], batch_first=True))
        for row, (i, (inputs, targets)) in enumerate(zip(batch, pairs, strict=True)):
            found[i] = HiddenStates.of(hidden[row, : len(targets)].to(torch.float32, copy=True), inputs, targets)
    return [found[i] for i in range(len(tunes))]


def tune_log_probabilities(output: nn.Module, states: HiddenStates, config: NetworkConfig) -> Tensor:
    """log p of each tune by an output layer, in nats [tunes]."""
    logits = with_copies(output(states.hidden), states.inputs, config)
    losses = F.cross_entropy(logits, states.targets, reduction="none")
    return torch.zeros(states.tunes).index_add(0, states.tune, -losses)


class HiddenStateCache:
    """Hidden states by LSTM and tunes: checkpoints that differ in their output layer alone share them.

    It keeps all, as long as one retraining needs them: there are a few sets of tunes.
    """

    def __init__(self) -> None:
        self._entries: list[tuple[Checkpoint, tuple[Tokens, ...], list[HiddenStates]]] = []

    def states(self, checkpoint: Checkpoint, tunes: Sequence[Tokens]) -> list[HiddenStates]:
        """One for each tune."""
        wanted = tuple(tunes)
        for other, known, states in self._entries:
            if known == wanted and (other is checkpoint or same_lstm(other, checkpoint)):
                return states
        network = restored(checkpoint.network, checkpoint.weights)
        states = hidden_states(network, Vocabulary.from_json(checkpoint.vocabulary), tunes)
        self._entries.append((checkpoint, wanted, states))
        return states


@torch.inference_mode()
def log_probabilities(
    checkpoints: Sequence[Checkpoint], tunes: Sequence[Tokens], cache: HiddenStateCache | None = None
) -> list[Tensor]:
    """log p of each tune by each checkpoint: its plan and all tokens but the first, in nats; a [tunes] for each.

    The grammar is off. Hidden states that `cache` has are not computed again.
    """
    cache = cache or HiddenStateCache()
    found: list[Tensor] = []
    for checkpoint in checkpoints:
        network, plans = restored(checkpoint.network, checkpoint.weights), Plans.from_facts(checkpoint.facts)
        plan_nats = torch.tensor([math.log(2) * plans.bits(decode(tokens)) for tokens in tunes])
        states = cache.states(checkpoint, tunes)
        log_p = torch.stack([tune_log_probabilities(network.output, tune, network.config)[0] for tune in states])
        found.append(log_p - plan_nats)
    return found


def same_lstm(one: Checkpoint, other: Checkpoint) -> bool:
    """Whether two checkpoints differ in their output layer at most."""
    names = {name for name in one.weights if not name.startswith("output.")}
    return (
        (one.network, one.vocabulary) == (other.network, other.vocabulary)
        and names <= other.weights.keys()
        and all(torch.equal(one.weights[name], other.weights[name]) for name in names)
    )
