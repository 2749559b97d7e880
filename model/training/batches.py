"""Batches of inputs and targets, for training and for the held-out loss."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

IGNORED = -100  # the target of padding, which torch's cross_entropy ignores by default


@dataclass(frozen=True)
class Batch:
    """inputs [batch, time, number of inputs] int64, targets [batch, time] int64, IGNORED where padded."""

    inputs: Tensor
    targets: Tensor


class Batches(Protocol):
    """A source of training batches and of the held-out set.

    A training batch depends on the state of `generator` alone.
    """

    held_out_notes: int  # notes and rests in the held-out tunes: the divisor of bits per note

    def training(self, generator: torch.Generator) -> Batch: ...
    def held_out(self) -> Iterator[Batch]: ...


class CharacterWindows:
    """The seed article's batches: windows of `seq_length` ids at random positions of the joined tunes.

    `train` and `held_out` are ids of characters.
    """

    def __init__(
        self, train: Sequence[int], held_out: Sequence[int], held_out_notes: int, batch: int, seq_length: int
    ) -> None:
        self._train, self._held_out = torch.tensor(train), torch.tensor(held_out)
        self._batch, self._length = batch, seq_length
        self.held_out_notes = held_out_notes

    def training(self, generator: torch.Generator) -> Batch:
        starts = torch.randint(len(self._train) - self._length, (self._batch,), generator=generator)
        windows = self._train[starts[:, None] + torch.arange(self._length + 1)]
        return Batch(windows[:, :-1, None], windows[:, 1:])

    def held_out(self) -> Iterator[Batch]:
        """The held-out tunes in consecutive windows; the last is padded."""
        count = -(-(len(self._held_out) - 1) // self._length)
        inputs = torch.zeros(count, self._length, dtype=torch.int64)
        targets = torch.full((count, self._length), IGNORED)
        for row in range(count):
            window = self._held_out[row * self._length : (row + 1) * self._length + 1]
            inputs[row, : len(window) - 1] = window[:-1]
            targets[row, : len(window) - 1] = window[1:]
        for start in range(0, count, self._batch):
            yield Batch(inputs[start : start + self._batch, :, None], targets[start : start + self._batch])


class TuneBatches:
    """Batches of `batch` whole tunes, padded; of similar length, so that little is padding.

    A tune is (inputs [time, number of inputs], targets [time]). A batch of held-out tunes is twice as large.
    """

    def __init__(
        self,
        train: Sequence[tuple[Tensor, Tensor]],
        held_out: Sequence[tuple[Tensor, Tensor]],
        held_out_notes: int,
        batch: int,
    ) -> None:
        self._train = sorted(train, key=lambda tune: len(tune[1]))
        self._held_out = sorted(held_out, key=lambda tune: len(tune[1]))
        self._batch = batch
        self.held_out_notes = held_out_notes

    def training(self, generator: torch.Generator) -> Batch:
        start = int(torch.randint(-self._batch // 2, len(self._train) - self._batch // 2, (1,), generator=generator))
        start = min(max(start, 0), max(len(self._train) - self._batch, 0))
        return _padded(self._train[start : start + self._batch])

    def held_out(self) -> Iterator[Batch]:
        for start in range(0, len(self._held_out), 2 * self._batch):
            yield _padded(self._held_out[start : start + 2 * self._batch])


def _padded(tunes: Sequence[tuple[Tensor, Tensor]]) -> Batch:
    pad = torch.nn.utils.rnn.pad_sequence
    return Batch(
        pad([inputs for inputs, _ in tunes], batch_first=True),
        pad([targets for _, targets in tunes], batch_first=True, padding_value=IGNORED),
    )
