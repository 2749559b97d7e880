"""A checkpoint for tests that only need one that runs."""

from dataclasses import replace

import torch

from model.network import checkpoint
from model.network.checkpoint import Checkpoint
from model.network.lstm import Network, NetworkConfig


def small_checkpoint() -> Checkpoint:
    """The shipped checkpoint with a network of a hundredth of its size, which has learned nothing."""
    shipped = checkpoint.read(checkpoint.SHIPPED)
    config = NetworkConfig.from_json(shipped.network)
    torch.manual_seed(0)
    network = Network(replace(config, input_widths=tuple(min(8, width) for width in config.input_widths), hidden=48))
    return replace(shipped, network=network.config.to_json(), weights=network.state_dict())
