"""What members like, as a ridge regression of votes on the features of tunes.

A vote says one bit of a whole tune, and a network has millions of numbers to blame for it. Some 150 features of
model.features.tune_features (intervals, lengths, returns, shape, endings) make more of the few votes of a community, and
see through the wrong ones among them. So the network is tuned on what the votes say by way of these.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.features.tune_features import features
from model.retraining.voted_tunes import Voted

RIDGE = 1.0  # of the standardised features, for each voted tune


def likings(voted: Sequence[Voted]) -> NDArray[np.float64]:
    """How much each voted tune is liked, by what all the votes say of its features: mean 0, standard deviation 1.

    Features count as they differ from those of the same rhythm, since nobody votes a reel down for having many notes.
    """
    rows = [features(tune.song) for tune in voted]
    measured = np.array([list(row.values()) for row in rows])
    by_rhythm: dict[str, list[int]] = defaultdict(list)
    for place, tune in enumerate(voted):
        by_rhythm[tune.song.rhythm].append(place)
    for places in by_rhythm.values():
        measured[places] -= measured[places].mean(axis=0)
    measured /= measured.std(axis=0) + 1e-9
    votes = np.array([tune.weight for tune in voted])
    weights = np.abs(votes) * np.where(votes > 0, 1 / votes.clip(min=0).sum(), 1 / (-votes).clip(min=0).sum())
    weights *= len(voted) / weights.sum()  # those up and those down weigh the same
    weighted = measured * weights[:, None]
    normal = weighted.T @ measured + RIDGE * len(voted) * np.eye(measured.shape[1])
    liking = measured @ np.linalg.solve(normal, weighted.T @ np.sign(votes))
    standard: NDArray[np.float64] = (liking - liking.mean()) / (liking.std() + 1e-9)
    return standard
