"""What members like, as a ridge regression of votes on the features of tunes.

A vote is one bit about a whole tune, far too little to tune a network's millions of weights on. Some 150 features of
model.features.tune_features (intervals, lengths, returns, shape, endings) get more out of a community's few votes, and
smooth over the wrong ones among them. So the network is tuned on the preferences that the regression gives.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.features.tune_features import features
from model.retraining.voted_tunes import VotedTune

RIDGE = 1.0  # of the standardised features, for each voted tune


def preferences(voted: Sequence[VotedTune]) -> NDArray[np.float64]:
    """The preference for each voted tune, by what all votes say of its features: mean 0, standard deviation 1.

    Features count as they differ from those of the same rhythm, since nobody votes a reel down for having many notes.
    """
    measured = _within_rhythms(voted)
    votes = np.array([tune.weight for tune in voted])
    weights = np.abs(votes) * np.where(votes > 0, 1 / votes.clip(min=0).sum(), 1 / (-votes).clip(min=0).sum())
    weights *= len(voted) / weights.sum()  # those up and those down weigh the same
    weighted = measured * weights[:, None]
    normal = weighted.T @ measured + RIDGE * len(voted) * np.eye(measured.shape[1])
    fitted = measured @ np.linalg.solve(normal, weighted.T @ np.sign(votes))
    standard: NDArray[np.float64] = (fitted - fitted.mean()) / (fitted.std() + 1e-9)
    return standard


def _within_rhythms(voted: Sequence[VotedTune]) -> NDArray[np.float64]:
    """Features [tunes, features] less the means of their rhythm, of standard deviation 1 over all tunes."""
    measured = np.array([list(features(tune.normalized).values()) for tune in voted])
    by_rhythm: dict[str, list[int]] = defaultdict(list)
    for row, tune in enumerate(voted):
        by_rhythm[tune.normalized.rhythm].append(row)
    for rows in by_rhythm.values():
        measured[rows] -= measured[rows].mean(axis=0)
    measured /= measured.std(axis=0) + 1e-9
    return measured
