"""The rhythm of a tune: as its R: field, its book or its title says, or inferred from its metre, notes and phrases.

The inference is a multinomial logistic regression for each of four metres, on model.corpus.rhythm_features, whose
weights lie in rhythm_weights.json; `python -m model rhythms` says how often it is right, and learns them.
"""

import json
import re
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from model.corpus.rhythm_features import features
from model.music.tune import Tune

WEIGHTS = Path(__file__).with_name("rhythm_weights.json")

_WORDS = {  # in titles, R: fields and Cobb's ids -> rhythm
    "slipjig": "slip jig",
    "slip jig": "slip jig",
    "hop jig": "slip jig",
    "double jig": "jig",
    "hornpipe": "hornpipe",
    "clog": "hornpipe",
    "strathspey": "strathspey",
    "reel": "reel",
    "jig": "jig",
    "polka": "polka",
    "waltz": "waltz",
    "valse": "waltz",
    "march": "march",
    "quick step": "march",
    "quickstep": "march",
    "retreat": "march",
    "air": "air",
    "song": "air",
    "lament": "air",
    "slide": "slide",
    "fling": "strathspey",
    "highland": "strathspey",
    "planxty": "air",
    "lullaby": "air",
    "barn ?dance": "other",
    "schottische": "other",
    "mazurka": "other",
    "varsovienne": "other",
    "minuet": "other",
    "quadrille": "other",
    "gavotte": "other",
    "polska": "other",
    "bourr[eé]e": "other",
    "three-?two": "other",
}


def rhythm_of(tune: Tune, text: str) -> tuple[str, str]:
    """The rhythm, and where it was found: R (the field), id (Cobb's), title, or inferred from metre and note values."""
    cobb = re.search(r"^Z: id:dc-([a-z]+)-", text, re.MULTILINE)
    for words, origin in ((tune.rhythm, "R"), (cobb[1] if cobb else "", "id"), (_titles(text), "title")):
        found = _rhythm_in(words.lower())
        if found:
            return found, origin
    return _inferred(tune), "inferred"


def _titles(text: str) -> str:
    return " / ".join(re.findall(r"^T:\s*(.*?)\s*$", text, re.MULTILINE))


def _rhythm_in(text: str) -> str:
    for word, rhythm in _WORDS.items():
        if re.search(rf"\b{word}s?\b", text):
            return rhythm
    return ""


def _inferred(tune: Tune) -> str:
    group = metre_group(tune)
    weights = _weights().get(group)
    if weights is None:
        return {"9/8": "slip jig", "12/8": "slide"}.get(group, "other")
    values = features(tune)
    scores = {
        rhythm: bias + sum(weight * values[name] for name, weight in by_feature.items())
        for rhythm, (bias, by_feature) in weights.items()
    }
    return max(scores, key=scores.__getitem__)


def metre_group(tune: Tune) -> str:
    """The metre, those that dances share as one: `4/4` is also `C|`, and `3/4` is `3/8`."""
    metre = tune.metre
    if metre.free:
        return "none"
    if metre.unit == 8 and metre.compound:
        return f"{metre.beats}/8"
    return {Fraction(1): "4/4", Fraction(1, 2): "2/4", Fraction(3, 4): "3/4", Fraction(3, 8): "3/4"}.get(
        metre.length, ""
    )


@cache
def _weights() -> dict[str, dict[str, tuple[float, dict[str, float]]]]:
    """By metre group and rhythm, the bias and the weight of each feature."""
    table: dict[str, Any] = json.loads(WEIGHTS.read_text())
    return {
        group: {rhythm: (row[0], dict(zip(table["features"], row[1:], strict=True))) for rhythm, row in rows.items()}
        for group, rows in table["weights"].items()
    }
