"""Detectors that tell composed tunes from real ones by other means than a critic's: n-grams, and other features.

A critic is chosen by its own features, so a test by these says little of it (model.evaluation.two_sample). These are
trained after it, and tested on tunes of duplicate groups that neither it nor they have heard: a real tune and the one
that was composed for its prompt are always in the same fold.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.encoding.tokenizer import NormalizedTune
from model.errors import InputError
from model.evaluation.two_sample import FEWEST, FOLDS, NOT_INSTALLED, installed
from model.features.ngrams import ngrams
from model.features.phrase_features import phrase_features

HASHED = 2**18  # columns of the n-gram table
REGULARIZATION = 10.0  # of the logistic regression, inverse

Scores = Callable[[NDArray[np.intp], NDArray[np.intp]], NDArray[np.float64]]


@dataclass(frozen=True)
class Sides:
    """Two sets of tunes, told apart; tunes of one index in `one` and `other` are never on two sides of a fold.

    `more` are further tunes of both sets to learn from, none of which is tested.
    """

    one: Sequence[NormalizedTune]
    other: Sequence[NormalizedTune]
    more: tuple[Sequence[NormalizedTune], Sequence[NormalizedTune]] = ((), ())

    @property
    def tunes(self) -> list[NormalizedTune]:
        return [*self.one, *self.other, *self.more[0], *self.more[1]]

    @property
    def labels(self) -> NDArray[np.int64]:
        """1 for the first set, 0 for the other [tunes]."""
        sizes = (len(self.one), len(self.other), *map(len, self.more))
        return np.repeat([1, 0, 1, 0], sizes)


def auc_ngram(sides: Sides, seed: int) -> float:
    """The AUC of a logistic regression over which n-grams a tune has, weighted by how rare they are (TF-IDF).

    Raises InputError without scikit-learn, or for fewer than FEWEST tunes a side.
    """
    _check(sides)
    from sklearn.feature_extraction import FeatureHasher
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.linear_model import LogisticRegression

    hasher = FeatureHasher(HASHED, input_type="string", alternate_sign=False)
    table, labels = hasher.transform([list(ngrams(tune)) for tune in sides.tunes]).tocsr(), sides.labels
    table.data[:] = 1

    def scores(train: NDArray[np.intp], test: NDArray[np.intp]) -> NDArray[np.float64]:
        weights = TfidfTransformer().fit(table[train])
        detector = LogisticRegression(C=REGULARIZATION, solver="liblinear", class_weight="balanced")
        detector.fit(weights.transform(table[train]), labels[train])
        found: NDArray[np.float64] = detector.decision_function(weights.transform(table[test]))
        return found

    return _cross_validated(sides, scores, seed)


def auc_features(sides: Sides, seed: int) -> float:
    """The AUC of boosted trees over features that no critic counts. Raises InputError as `auc_ngram`."""
    _check(sides)
    from sklearn.ensemble import HistGradientBoostingClassifier

    table, labels = np.array([list(phrase_features(tune).values()) for tune in sides.tunes]), sides.labels

    def scores(train: NDArray[np.intp], test: NDArray[np.intp]) -> NDArray[np.float64]:
        detector = HistGradientBoostingClassifier(
            learning_rate=0.06, max_iter=150, max_leaf_nodes=15, l2_regularization=1.0, random_state=seed
        )
        found: NDArray[np.float64] = detector.fit(table[train], labels[train]).predict_proba(table[test])[:, 1]
        return found

    return _cross_validated(sides, scores, seed)


def _check(sides: Sides) -> None:
    if not installed():
        raise InputError(NOT_INSTALLED)
    fewest = min(len(sides.one), len(sides.other))
    if fewest < FEWEST:
        raise InputError(f"{fewest} tunes a side; at least {FEWEST} are needed")


def _cross_validated(sides: Sides, scores: Scores, seed: int) -> float:
    """The AUC over all tunes but `more`, each scored by a detector that learned from the other folds and `more`."""
    from sklearn.metrics import roc_auc_score

    pairs, tested = max(len(sides.one), len(sides.other)), len(sides.one) + len(sides.other)
    fold_of = np.random.default_rng(seed).permutation(pairs) % FOLDS
    fold = np.concatenate([fold_of[: len(sides.one)], fold_of[: len(sides.other)]])
    labels, found = sides.labels, np.zeros(tested)
    further = np.arange(tested, len(labels))
    for number in range(FOLDS):
        test = np.flatnonzero(fold == number)
        found[test] = scores(np.concatenate([np.flatnonzero(fold != number), further]), test)
    return float(roc_auc_score(labels[:tested], found))
