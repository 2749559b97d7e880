"""The rhythm of a tune: as its R: field, its book or its title says, or inferred from its metre and note values."""

import re
from fractions import Fraction

from model.music.tune import Tune

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
    notes_a_bar = sum(1 for _ in tune.notes) / max(1, len(tune.bars))
    length = tune.metre.length
    if length == Fraction(9, 8):
        return "slip jig"
    if str(tune.metre) == "6/8":
        return "jig" if notes_a_bar >= 4.5 else "air"
    if length == Fraction(1):
        return "reel" if notes_a_bar >= 6.4 else "air"
    if str(tune.metre) == "2/4":
        return "march" if notes_a_bar >= 4 else "air"
    return "air" if str(tune.metre) in ("3/4", "3/8") else "other"
