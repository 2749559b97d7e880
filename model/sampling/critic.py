"""Chooses one of several drafts of a tune: a classifier that tells the network's tunes from those of the books.

It is boosted trees over what model.features.tune_features counts in a whole tune. Their sum is the log odds that a tune
was composed rather than found in a book, which is, but for a constant, the log of how much more often the network
composes such a tune than the books have it. A draft drawn from several in proportion to exp(-log odds) is, the more
drafts there are, distributed as the books' tunes (sampling importance resampling, Rubin 1987).
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.encoding.tokenizer import NormalizedTune
from model.errors import CheckpointError
from model.features.tune_features import features
from model.network import checkpoint
from model.network.checkpoint import Checkpoint

SHIPPED = checkpoint.SHIPPED.with_name("critic.safetensors")
DRAFTS = 16  # of a tune, of which one is chosen
PRESET = "critic"


class Critic:
    """Boosted trees in arrays, one after another. A leaf leads to itself, so that all trees take as many steps."""

    def __init__(self, loaded: Checkpoint) -> None:
        """`loaded` is what model.evaluation.critic_training writes. Raises CheckpointError for anything else."""
        try:
            weights = {name: tensor.numpy() for name, tensor in loaded.weights.items()}
            self._feature, self._roots = weights["feature"].astype(np.intp), weights["roots"].astype(np.intp)
            self._threshold, self._value = weights["threshold"], weights["value"].astype(np.float64)
            self._left, self._right = weights["left"].astype(np.intp), weights["right"].astype(np.intp)
            self._body: str = loaded.facts["body"]
            self._names: list[str] = loaded.facts["features"]
            self._depth, self._first = int(loaded.facts["depth"]), float(loaded.facts["first"])
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError("the critic does not fit its own description") from error
        nodes = len(self._feature)
        walks = (self._left, self._right, self._roots)
        if (
            any(len(array) != nodes for array in (self._threshold, self._value, self._left, self._right))
            or any(((at < 0) | (at >= nodes)).any() for at in walks)
            or ((self._feature < 0) | (self._feature >= len(self._names))).any()
        ):
            raise CheckpointError("the critic's trees lead nowhere")

    @classmethod
    def load(cls, path: Path = SHIPPED) -> "Critic":
        """Raises CheckpointError."""
        return cls(checkpoint.read(path))

    def knows(self, network: Checkpoint) -> bool:
        """Whether it was trained on tunes of `network`, or of the version that `network` was tuned from on votes."""
        return self._body == body(network)

    def log_odds(self, tunes: Sequence[NormalizedTune]) -> NDArray[np.float64]:
        """Log odds that each tune was composed rather than found in a book [tunes].

        Raises CheckpointError where it was trained on other features than this release computes.
        """
        rows = [features(tune) for tune in tunes]
        if not rows:
            return np.zeros(0)
        if list(rows[0]) != self._names:
            raise CheckpointError("the critic was trained on other features than this release computes")
        return self._sums(np.array([list(row.values()) for row in rows], dtype=np.float32))

    def _sums(self, table: NDArray[np.float32]) -> NDArray[np.float64]:
        """The trees' sums [tunes] for `table` [tunes, features]."""
        at = np.broadcast_to(self._roots, (len(table), len(self._roots)))
        tune = np.arange(len(table))[:, None]
        for _ in range(self._depth):
            low = table[tune, self._feature[at]] <= self._threshold[at]
            at = np.where(low, self._left[at], self._right[at])
        sums: NDArray[np.float64] = self._first + self._value[at].sum(axis=1)
        return sums

    def order(self, tunes: Sequence[NormalizedTune], random: np.random.Generator) -> list[int]:
        """Indices of `tunes` in the order of choice: drawn without replacement in proportion to exp(-log odds)."""
        # the largest of log weight + Gumbel noise is a draw, the next largest the next one without replacement
        keys = random.gumbel(size=len(tunes)) - self.log_odds(tunes)
        return [int(index) for index in np.argsort(-keys, kind="stable")]


def body(network: Checkpoint) -> str:
    """SHA-256 of all weights but the output layer's: tuning on votes changes the output layer alone."""
    digest = hashlib.sha256()
    for name in sorted(network.weights):
        if not name.startswith("output."):
            digest.update(network.weights[name].numpy().astype(np.float16).tobytes())
    return digest.hexdigest()
