"""Draws the next token of each tune of a batch from what the network predicts and the grammar allows."""

import torch
from torch import Tensor

from model.sampling import decoder_kernels


def choose(logits: Tensor, mask: Tensor, temperature: Tensor, uniform: Tensor) -> Tensor:
    """Draw from softmax(logits / temperature) over what `mask` allows, at `uniform` in [0, 1) of the CDF: ids [rows].

    logits and mask are [rows, vocabulary], temperature and uniform [rows, 1].
    """
    if logits.device.type != "cpu":
        return choose_on_device(logits, mask, temperature, uniform)
    chosen = torch.empty(len(logits), dtype=torch.int64)
    decoder_kernels.choose(logits.numpy(), mask.numpy(), temperature.numpy(), uniform.numpy(), chosen.numpy())
    return chosen


def choose_on_device(logits: Tensor, mask: Tensor, temperature: Tensor, uniform: Tensor) -> Tensor:
    """`choose` by torch's operations."""
    weights = (logits / temperature).masked_fill(~mask, -torch.inf).softmax(1)
    cumulative = weights.double().cumsum(1)
    at = torch.searchsorted(cumulative, uniform * cumulative[:, -1:], right=True)[:, 0]
    return at.clamp(max=logits.shape[1] - 1)
