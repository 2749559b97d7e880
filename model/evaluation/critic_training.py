"""Trains a critic (model.sampling.critic): boosted trees that tell composed tunes from those of the books."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from model.errors import InputError, ModelError
from model.evaluation.matching import RealTune, prompts_like
from model.features.tune_features import features
from model.network.checkpoint import Checkpoint
from model.sampling.batch_composing import compose_all
from model.sampling.critic import PRESET, Critic, body
from model.sampling.sampler import Sampler

SEED = 2**31  # of the first tune: none that `evaluate` uses
TREES = {
    "learning_rate": 0.06,
    "max_iter": 600,
    "max_leaf_nodes": 31,
    "min_samples_leaf": 800,
    "max_features": 0.2,
    "l2_regularization": 1.0,
    "early_stopping": False,
    "random_state": 0,
}
FEWEST = 100  # real tunes


def train_critic(
    network: Checkpoint, reals: Sequence[RealTune], copies: int, progress: Callable[[str], None]
) -> Checkpoint:
    """A critic trained on those of `reals` that are for it, and on `copies` tunes that `network` composes for each.

    Raises InputError for fewer than FEWEST of them, ModelError where the trees that are written do not compute what
    scikit-learn's do.
    """
    reals = [real for real in reals if real.for_critic]
    if len(reals) < FEWEST:
        raise InputError(f"{len(reals)} real tunes to learn from; at least {FEWEST} are needed")
    sampler, composed = Sampler(network), list[list[float]]()
    for copy in range(copies):
        progress(f"{copy} of {copies} tunes composed for each of {len(reals)} real ones")
        batch = compose_all(sampler, prompts_like(reals, 1.0, SEED + copy * len(reals)), lambda _: None)
        composed += [list(features(one.normalized).values()) for one in batch.composed.values()]
    progress("learning to tell them apart")
    named = [features(real.normalized) for real in reals]
    books = np.array([list(row.values()) for row in named])
    table = np.concatenate([np.array(composed), books]).astype(np.float32)
    labels = np.array([1] * len(composed) + [0] * len(books))
    classifier = _fitted(table, labels)
    facts = {"body": body(network), "features": list(named[0]), "real": len(books), "composed": len(composed)}
    critic = _written(classifier, facts)
    if not np.allclose(Critic(critic)._sums(table[::50]), classifier.decision_function(table[::50]), atol=1e-3):
        raise ModelError("this release of scikit-learn keeps its trees another way")
    return critic


def _fitted(table: NDArray[np.float32], labels: NDArray[np.int64]) -> Any:
    """Composed tunes (1) and real ones (0) have equal total weights, so log odds are 0 where both are as frequent."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    weights = np.where(labels == 1, (labels == 0).sum() / (labels == 1).sum(), 1.0)
    with threadpool_limits(torch.get_num_threads()):
        classifier = HistGradientBoostingClassifier(**TREES)
        return classifier.fit(table, labels, sample_weight=weights)


def _written(classifier: Any, facts: dict[str, Any]) -> Checkpoint:
    """The trees of `classifier` as Critic reads them."""
    trees = [trees[0].nodes for trees in classifier._predictors]
    starts = np.cumsum([0, *map(len, trees)])
    nodes = np.concatenate(trees)
    shift, own = np.repeat(starts[:-1], list(map(len, trees))), np.arange(len(nodes))
    leaf = nodes["is_leaf"].astype(bool)
    arrays = {
        "roots": starts[:-1].astype(np.int32),
        "feature": np.where(leaf, 0, nodes["feature_idx"]).astype(np.int16),
        "threshold": np.where(leaf, 0, nodes["num_threshold"]).astype(np.float32),
        "left": np.where(leaf, own, nodes["left"] + shift).astype(np.int32),
        "right": np.where(leaf, own, nodes["right"] + shift).astype(np.int32),
        "value": np.where(leaf, nodes["value"], 0).astype(np.float32),
    }
    facts |= {
        "depth": int(nodes["depth"].max()),
        "first": float(classifier._baseline_prediction.ravel()[0]),
        "trees": len(trees),
    }
    return Checkpoint(PRESET, {}, {}, facts, {name: torch.from_numpy(array) for name, array in arrays.items()})
