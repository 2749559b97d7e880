"""A classifier two-sample test: how well gradient-boosted trees tell two sets of tunes apart, as an AUC.

0.5 is chance, 1 perfect (Lopez-Paz and Oquab 2017, Revisiting Classifier Two-Sample Tests).
"""

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.encoding.tokenizer import NormalizedTune
from model.errors import InputError
from model.features.tune_features import features

FOLDS = 5
RESAMPLES = 1000  # for the interval that holds 95% of the bootstrap
FEWEST = 50  # tunes a side: below that the interval says nothing
NOT_INSTALLED = "scikit-learn is not installed: pip install 'tunesmith[evaluate]'"


class Feature(NamedTuple):
    """A feature that the classifier relies on: by how much the AUC drops where it is shuffled, and its means."""

    name: str
    drop: float
    means: tuple[float, float]


@dataclass(frozen=True)
class TwoSampleResult:
    """The AUC over tunes that the classifier was not trained on, its 95% interval, and tunes a side.

    `features` are those that it relies on most, the first first.
    """

    auc: float
    low: float
    high: float
    tunes: int
    features: tuple[Feature, ...] = ()


def installed() -> bool:
    """Whether scikit-learn is installed, which is optional."""
    try:
        return importlib.util.find_spec("sklearn") is not None
    except ValueError:  # it was blocked in sys.modules
        return False


def two_sample_test(
    one: Sequence[NormalizedTune],
    other: Sequence[NormalizedTune],
    seed: int = 0,
    threads: int = 1,
    name_features: int = 0,
) -> TwoSampleResult:
    """Tests `one` (the composed tunes) against `other` by cross-validation in FOLDS parts; `seed` decides these.

    The `name_features` features that matter most are named. Raises InputError without scikit-learn, and for fewer than
    FEWEST tunes a side.
    """
    if not installed():
        raise InputError(NOT_INSTALLED)
    if min(len(one), len(other)) < FEWEST:
        raise InputError(f"{min(len(one), len(other))} tunes a side; at least {FEWEST} are needed")
    from threadpoolctl import threadpool_limits

    names, table = _table([*one, *other])
    labels = np.array([1] * len(one) + [0] * len(other))
    with threadpool_limits(threads):
        scores, drops = _cross_validated(table, labels, seed, bool(name_features))
    low, high = _interval(labels, scores, seed)
    means = [table[labels == side].mean(axis=0) for side in (1, 0)]
    ranked = [
        Feature(names[i], float(drops[i]), (float(means[0][i]), float(means[1][i])))
        for i in np.argsort(-drops, kind="stable")[:name_features]
    ]
    return TwoSampleResult(_auc(labels, scores), low, high, min(len(one), len(other)), tuple(ranked))


def _table(tunes: Sequence[NormalizedTune]) -> tuple[list[str], NDArray[np.float64]]:
    rows = [features(tune) for tune in tunes]
    return list(rows[0]), np.array([list(row.values()) for row in rows])


def _cross_validated(
    table: NDArray[np.float64], labels: NDArray[np.int64], seed: int, importance: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Each tune's score from a classifier that never saw it, and each feature's mean importance over the folds."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.inspection import permutation_importance
    from sklearn.model_selection import StratifiedKFold

    scores = np.zeros(len(labels))
    drops = np.zeros(table.shape[1])
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(table, labels):
        classifier = HistGradientBoostingClassifier(
            learning_rate=0.06, max_iter=150, max_leaf_nodes=15, l2_regularization=1.0, random_state=seed
        )
        classifier.fit(table[train], labels[train])
        scores[test] = classifier.predict_proba(table[test])[:, 1]
        if importance:
            shuffled = permutation_importance(
                classifier, table[test], labels[test], scoring="roc_auc", n_repeats=3, random_state=seed
            )
            drops += shuffled.importances_mean / FOLDS
    return scores, drops


def _auc(labels: NDArray[np.int64], scores: NDArray[np.float64]) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(labels, scores))


def _interval(labels: NDArray[np.int64], scores: NDArray[np.float64], seed: int) -> tuple[float, float]:
    """The AUC's 95% interval by a bootstrap of each side."""
    random = np.random.default_rng(seed)
    ones, zeros = np.flatnonzero(labels == 1), np.flatnonzero(labels == 0)
    found = []
    for _ in range(RESAMPLES):
        drawn = np.concatenate([random.choice(ones, len(ones)), random.choice(zeros, len(zeros))])
        found.append(_auc(labels[drawn], scores[drawn]))
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)
