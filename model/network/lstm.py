"""The network: embeddings of discrete inputs, stacked LSTM layers, logits over the next token."""

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.encoding.inputs import CANDIDATES, INPUTS
from model.errors import CheckpointError

State = tuple[Tensor, Tensor]  # h, c: each [layers, batch, hidden]
_GROWING = ("embeddings.", "lstm.weight_ih_l0", "output.")  # tensors whose sizes follow from the inputs


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes of a network. Input i has ids below `input_sizes[i]`, each embedded in `input_widths[i]` numbers.

    `inputs` are their names, of model.encoding.inputs.INPUTS. With `copies`, the output has a gate for each lookback
    input, which adds to the logit of the token in that input: so repeating it needs no knowledge of the token.

    In training, `dropout` is the share of the values into each layer and into the output that are zero, the same at all
    steps of a tune, and `weight_drop` that of the recurrent weights (Merity et al. 2018, AWD-LSTM).
    """

    vocabulary: int
    input_sizes: tuple[int, ...]
    input_widths: tuple[int, ...]
    hidden: int
    layers: int = 1
    dropout: float = 0.0
    inputs: tuple[str, ...] = ("token",)
    copies: bool = False
    weight_drop: float = 0.0

    @property
    def lookbacks(self) -> list[int]:
        """Which inputs have a gate: their ids are a token's plus one, or 0."""
        return [i for i, name in enumerate(self.inputs) if self.copies and name in CANDIDATES]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "NetworkConfig":
        sizes = tuple(data["input_sizes"])
        inputs = tuple(data.get("inputs", INPUTS[: len(sizes)]))  # the first checkpoints did not name them
        return cls(**{**data, "input_sizes": sizes, "input_widths": tuple(data["input_widths"]), "inputs": inputs})


class Network(nn.Module):
    """Predicts the next token from one or more discrete inputs a step."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        # MKL chooses its tanh at the first call; of two threads that call it at once, one may get another that once,
        # good to 1e-4 only (pytorch#188792), and a process's first tune would differ. So one thread calls it first.
        torch.zeros(1, device="cpu").tanh()
        self.embeddings = nn.ModuleList(
            nn.Embedding(size, width) for size, width in zip(config.input_sizes, config.input_widths, strict=True)
        )
        self.lstm = nn.LSTM(sum(config.input_widths), config.hidden, config.layers, batch_first=True)
        self.output = nn.Linear(config.hidden, config.vocabulary + len(config.lookbacks))

    @property
    def parameter_count(self) -> int:
        return sum(p.numel() for p in self.parameters())

    def forward(self, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """inputs [batch, time, number of inputs] int64 -> logits [batch, time, vocabulary], the state afterwards."""
        output, state = self._layers(inputs, state)
        return with_copies(self.output(self._locked_dropout(output)), inputs, self.config), state

    def hidden(self, inputs: Tensor) -> Tensor:
        """The last LSTM layer's output [batch, time, hidden], from the state zero."""
        return self._layers(inputs, None)[0]

    def _layers(self, inputs: Tensor, state: State | None) -> tuple[Tensor, State]:
        embedded = torch.cat([e(inputs[..., i]) for i, e in enumerate(self.embeddings)], dim=-1)
        if not self.training:
            output, state = self.lstm(embedded, state)
            return output, state
        zero = embedded.new_zeros(self.config.layers, len(embedded), self.config.hidden)
        before, output = state or (zero, zero), self._locked_dropout(embedded)
        after = []
        weights = [
            [to, F.dropout(recurrent, self.config.weight_drop), *biases]
            for to, recurrent, *biases in self.lstm.all_weights
        ]
        for layer, parameters in enumerate(weights):
            output = self._locked_dropout(output) if layer else output
            own = (before[0][layer, None], before[1][layer, None])
            output, *end = torch.lstm(output, own, parameters, True, 1, 0.0, True, False, True)
            after.append(end)
        h, c = (torch.cat(states) for states in zip(*after, strict=True))
        return output, (h, c)

    def _locked_dropout(self, x: Tensor) -> Tensor:
        """x [batch, time, width]; in training, with dropout of the same values of a row at all times."""
        if not (self.training and self.config.dropout):
            return x
        kept = 1 - self.config.dropout
        return x * (x.new_empty(len(x), 1, x.shape[2]).bernoulli_(kept) / kept)


def with_copies(scores: Tensor, inputs: Tensor, config: NetworkConfig) -> Tensor:
    """Logits [..., vocabulary] from the output's scores [..., vocabulary + lookback inputs]."""
    logits, gates = scores[..., : config.vocabulary], scores[..., config.vocabulary :]
    if not config.lookbacks:
        return logits
    no_token = logits.new_zeros(*logits.shape[:-1], 1)  # id 0
    wide = torch.cat([no_token, logits], dim=-1)
    return wide.scatter_add(-1, inputs[..., config.lookbacks], gates)[..., 1:]


def grow(network: Network, smaller: Network) -> None:
    """Gives `network` the weights of a `smaller` one of the same vocabulary, so that it predicts the same at first.

    The weights of inputs and gates that the smaller one lacks are zero. Raises CheckpointError where the two differ in
    more than inputs and gates.
    """
    old, new = smaller.config, network.config
    if (old.vocabulary, old.hidden, old.layers) != (new.vocabulary, new.hidden, new.layers):
        raise CheckpointError("the checkpoint to start from has another vocabulary or other layers")
    weights = {**network.state_dict(), **{n: w for n, w in smaller.state_dict().items() if not n.startswith(_GROWING)}}
    given = smaller.state_dict()
    wide, narrow = torch.zeros_like(weights["lstm.weight_ih_l0"]), given["lstm.weight_ih_l0"]
    columns = dict(zip(old.inputs, torch.split(narrow, list(old.input_widths), dim=1), strict=True))
    for i, (name, place) in enumerate(zip(new.inputs, torch.split(wide, list(new.input_widths), dim=1), strict=True)):
        if name in columns:
            place.copy_(columns[name])
            weights[f"embeddings.{i}.weight"] = given[f"embeddings.{old.inputs.index(name)}.weight"]
    weights["lstm.weight_ih_l0"] = wide
    gates = [(new.inputs[i], new.vocabulary + n) for n, i in enumerate(new.lookbacks)]
    had = {old.inputs[i]: old.vocabulary + n for n, i in enumerate(old.lookbacks)}
    for name in ("output.weight", "output.bias"):
        rows = torch.zeros_like(weights[name])
        rows[: new.vocabulary] = given[name][: new.vocabulary]
        for lookback, row in gates:
            if lookback in had:
                rows[row] = given[name][had[lookback]]
        weights[name] = rows
    network.load_state_dict(weights)


def restored(config: dict[str, Any], weights: dict[str, Tensor]) -> Network:
    """The network that a checkpoint describes, ready to predict. Raises CheckpointError if the two do not fit."""
    try:
        network = Network(NetworkConfig.from_json(config))
        network.load_state_dict(weights)
    except (TypeError, KeyError, RuntimeError) as error:
        raise CheckpointError("the checkpoint's weights do not fit its own description") from error
    return network.eval().requires_grad_(False)
