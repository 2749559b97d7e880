"""The LSTM: discrete inputs -> embeddings -> stacked LSTM -> logits over the next token."""

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from model.errors import CheckpointError
from model.tokens import INPUTS

State = tuple[Tensor, Tensor]  # h, c: each [layers, batch, hidden]


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes of a network. Input i takes ids below `input_sizes[i]` and is embedded in `input_widths[i]` numbers.

    `inputs` names them, of tokens.INPUTS. With `copies`, a gate for each lookback input adds to the logit of the token
    that it shows: the network need only say how much it wants to repeat, not what.
    """

    vocabulary: int
    input_sizes: tuple[int, ...]
    input_widths: tuple[int, ...]
    hidden: int
    layers: int = 1
    dropout: float = 0.0
    inputs: tuple[str, ...] = ("token",)
    copies: bool = False

    @property
    def lookbacks(self) -> list[int]:
        """Which inputs can be copied from: ids of tokens plus one."""
        return [i for i, name in enumerate(self.inputs) if self.copies and name.startswith("back ")]

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
        self.embeddings = nn.ModuleList(
            nn.Embedding(size, width) for size, width in zip(config.input_sizes, config.input_widths, strict=True)
        )
        between = config.dropout if config.layers > 1 else 0.0
        self.lstm = nn.LSTM(sum(config.input_widths), config.hidden, config.layers, batch_first=True, dropout=between)
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(config.hidden, config.vocabulary + len(config.lookbacks))

    @property
    def parameter_count(self) -> int:
        return sum(p.numel() for p in self.parameters())

    def forward(self, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """inputs [batch, time, number of inputs] int64 -> logits [batch, time, vocabulary], the state afterwards."""
        embedded = torch.cat([e(inputs[..., i]) for i, e in enumerate(self.embeddings)], dim=-1)
        output, state = self.lstm(self.dropout(embedded), state)
        return with_copies(self.output(self.dropout(output)), inputs, self.config), state


def with_copies(scores: Tensor, inputs: Tensor, config: NetworkConfig) -> Tensor:
    """Logits [..., vocabulary] from the output's scores [..., vocabulary + lookback inputs]."""
    logits, gates = scores[..., : config.vocabulary], scores[..., config.vocabulary :]
    if not config.lookbacks:
        return logits
    nothing = logits.new_zeros(*logits.shape[:-1], 1)  # id 0: there is no token to copy
    wide = torch.cat([nothing, logits], dim=-1)
    return wide.scatter_add(-1, inputs[..., config.lookbacks], gates)[..., 1:]


def restored(config: dict[str, Any], weights: dict[str, Tensor]) -> Network:
    """The network that a checkpoint describes, ready to predict. Raises CheckpointError if the two do not fit."""
    try:
        network = Network(NetworkConfig.from_json(config))
        network.load_state_dict(weights)
    except (TypeError, KeyError, RuntimeError) as error:
        raise CheckpointError("the checkpoint's weights do not fit its own description") from error
    return network.eval().requires_grad_(False)
