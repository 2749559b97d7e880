"""Learns to infer rhythms (model.corpus.rhythms) from tunes whose books say them, and tells how often that is right."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.corpus.build import Corpus, CorpusTune
from model.corpus.rhythm_features import features
from model.corpus.rhythms import metre_group
from model.music.abc_reader import parse

GROUPS = ("4/4", "2/4", "6/8", "3/4")
FOLDS = 5
REGULARIZATION = 0.3  # scikit-learn's C, on standardised features
AIRS = 625  # O'Neill's first so many are airs and songs, as the book's section says
RARER = {  # log odds added, as books of session tunes have fewer marches and airs than these
    ("4/4", "march"): -1.0,
    ("6/8", "slide"): -1.0,
    ("6/8", "march"): -0.5,
    ("6/8", "air"): -0.5,
    ("3/4", "waltz"): 2.0,
}


@dataclass(frozen=True)
class Example:
    """A tune with a rhythm. `labelled`: that it has from an R: field, an id or its title."""

    group: str
    values: tuple[float, ...]
    rhythm: str
    labelled: bool
    family: int


def examples(corpus: Corpus) -> list[Example]:
    """Those of the corpus whose rhythm is said, with the names of dances alone."""
    found = []
    for tune in corpus.tunes:
        labelled = tune.rhythm_from != "inferred"
        rhythm = tune.normalized.rhythm if labelled else _by_number(tune)
        if rhythm and rhythm != "other":
            read = parse(tune.text)
            found.append(Example(metre_group(read), tuple(features(read).values()), rhythm, labelled, tune.group))
    return found


def _by_number(tune: CorpusTune) -> str:
    number = re.search(r"^B:\s*O'Neill's (\d+)", tune.text, re.MULTILINE)
    return "air" if number and int(number[1]) <= AIRS else ""


def learn(found: Sequence[Example], names: Sequence[str]) -> dict[str, Any]:
    """What rhythm_weights.json holds: for each rhythm of a metre a bias and the weights of the features `names`."""
    weights = {}
    for group in GROUPS:
        inside = [example for example in found if example.group == group]
        rhythms, bias, rows = _fit(inside, group)
        weights[group] = {
            rhythm: [round(float(number), 4) for number in (bias[i], *rows[i])] for i, rhythm in enumerate(rhythms)
        }
    return {"features": list(names), "weights": weights}


def _fit(inside: Sequence[Example], group: str) -> tuple[list[str], NDArray[Any], NDArray[Any]]:
    """The rhythms of a metre, and for each the bias and the weights of unscaled features."""
    from sklearn.linear_model import LogisticRegression

    values = np.array([example.values for example in inside])
    mean, deviation = values.mean(0), values.std(0)
    deviation[deviation == 0] = 1
    model = LogisticRegression(C=REGULARIZATION, max_iter=5000)
    model.fit((values - mean) / deviation, [example.rhythm for example in inside])
    rhythms = [str(rhythm) for rhythm in model.classes_]
    weights, bias = model.coef_, model.intercept_
    if len(rhythms) == 2:  # scikit-learn keeps the second's log odds alone
        weights, bias = np.vstack([-weights / 2, weights / 2]), np.concatenate([-bias / 2, bias / 2])
    rows = weights / deviation
    shift = np.array([RARER.get((group, rhythm), 0.0) for rhythm in rhythms])
    return rhythms, bias - rows @ mean + shift, rows


def confusion(found: Sequence[Example]) -> Counter[tuple[str, str]]:
    """(said, inferred) of the labelled examples, each inferred by what others of no family of its teach."""
    counts: Counter[tuple[str, str]] = Counter()
    for example in found:
        if example.labelled and example.group not in GROUPS:
            counts[example.rhythm, {"9/8": "slip jig", "12/8": "slide"}.get(example.group, "other")] += 1
    for group in GROUPS:
        inside = [example for example in found if example.group == group]
        for fold in range(FOLDS):
            rhythms, bias, rows = _fit([example for example in inside if example.family % FOLDS != fold], group)
            for example in inside:
                if example.labelled and example.family % FOLDS == fold:
                    scores = rows @ np.array(example.values) + bias
                    counts[example.rhythm, rhythms[int(scores.argmax())]] += 1
    return counts
