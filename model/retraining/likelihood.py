"""What an LSTM says of tunes, read once, and how probable they are by what is made of it.

Checkpoints that were tuned on votes differ in their output layer alone, so one reading serves them all.
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

AT_ONCE = 32  # tunes that the LSTM reads together


@dataclass(frozen=True)
class Read:
    """What an LSTM said of one tune: hidden [time, hidden], with inputs [time, inputs] and targets [time]."""

    hidden: Tensor
    inputs: Tensor
    targets: Tensor


@torch.inference_mode()
def read_all(network: Network, vocabulary: Vocabulary, tunes: Sequence[Tokens]) -> list[Read]:
    """Let the LSTM of `network` read `tunes`, each from an empty memory. float32, also from bfloat16 products."""
    found: dict[int, Read] = {}
    order = sorted(range(len(tunes)), key=lambda i: len(tunes[i]))
    for start in range(0, len(order), AT_ONCE):
        places = order[start : start + AT_ONCE]
        pairs = [inputs_and_targets(tunes[i], vocabulary, network.config.inputs) for i in places]
        with mixed(torch.device("cpu")):
            hidden = network.hidden(pad_sequence([inputs for inputs, _ in pairs], batch_first=True))
        for row, (place, (inputs, targets)) in enumerate(zip(places, pairs, strict=True)):
            found[place] = Read(hidden[row, : len(targets)].to(torch.float32, copy=True), inputs, targets)
    return [found[i] for i in range(len(tunes))]


@dataclass(frozen=True)
class Rows:
    """The tokens of some tunes in a row, with the place of each one's tune."""

    hidden: Tensor
    inputs: Tensor
    targets: Tensor
    tune: Tensor
    lengths: Tensor  # of the tunes

    @property
    def tunes(self) -> int:
        return len(self.lengths)

    @classmethod
    def of(cls, reads: Sequence[Read]) -> "Rows":
        lengths = torch.tensor([len(read.targets) for read in reads])
        return cls(
            torch.cat([read.hidden for read in reads]),
            torch.cat([read.inputs for read in reads]),
            torch.cat([read.targets for read in reads]),
            torch.repeat_interleave(torch.arange(len(reads)), lengths),
            lengths,
        )

    def at(self, places: Tensor) -> "Rows":
        return replace(
            self,
            hidden=self.hidden[places],
            inputs=self.inputs[places],
            targets=self.targets[places],
            tune=self.tune[places],
        )


def tune_log_probabilities(readout: nn.Module, tokens: Rows, config: NetworkConfig) -> Tensor:
    """Of each tune, in nats [tunes]."""
    logits = with_copies(readout(tokens.hidden), tokens.inputs, config)
    losses = F.cross_entropy(logits, tokens.targets, reduction="none")
    return torch.zeros(tokens.tunes).index_add(0, tokens.tune, -losses)


class Reads:
    """What LSTMs said of tunes, kept: checkpoints that differ in their output layer alone say the same."""

    def __init__(self) -> None:
        self._kept: list[tuple[Checkpoint, tuple[Tokens, ...], list[Rows]]] = []

    def of(self, checkpoint: Checkpoint, tunes: Sequence[Tokens]) -> list[Rows]:
        """One for each tune."""
        asked = tuple(tunes)
        for reader, read, found in self._kept:
            if read == asked and (reader is checkpoint or same_body(reader, checkpoint)):
                return found
        network = restored(checkpoint.network, checkpoint.weights)
        reads = read_all(network, Vocabulary.from_json(checkpoint.vocabulary), tunes)
        self._kept.append((checkpoint, asked, [Rows.of([read]) for read in reads]))
        return self._kept[-1][2]


@torch.inference_mode()
def log_probabilities(
    checkpoints: Sequence[Checkpoint], tunes: Sequence[Tokens], reads: Reads | None = None
) -> list[Tensor]:
    """log p of each tune by each checkpoint: its plan and all tokens but the first, in nats; a [tunes] for each.

    The grammar is off. `reads` are asked first for what was read before.
    """
    reads = reads or Reads()
    found: list[Tensor] = []
    for one in checkpoints:
        network, plans = restored(one.network, one.weights), Plans.known_to(one.facts)
        told = torch.tensor([math.log(2) * plans.bits(decode(tokens)) for tokens in tunes])
        hidden = reads.of(one, tunes)
        played = torch.stack([tune_log_probabilities(network.output, read, network.config)[0] for read in hidden])
        found.append(played - told)
    return found


def same_body(one: Checkpoint, other: Checkpoint) -> bool:
    """Whether two checkpoints differ in their output layer at most."""
    names = {name for name in one.weights if not name.startswith("output.")}
    return (
        (one.network, one.vocabulary) == (other.network, other.vocabulary)
        and names <= other.weights.keys()
        and all(torch.equal(one.weights[name], other.weights[name]) for name in names)
    )
