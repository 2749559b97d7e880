"""What is asked for in plain words, such as "a jig in D please", as a command."""

import re
from dataclasses import dataclass

from bot.core.completion import FORMS, keys, rhythms
from bot.core.values import MOST_TUNES

_USUAL_KEY = "D"
_DARING = {
    "careful": "0.5",
    "safe": "0.5",
    "steady": "0.8",
    "traditional": "1.0",
    "adventurous": "1.2",
    "daring": "1.2",
    "bold": "1.5",
    "wild": "2.0",
    "crazy": "2.0",
}
_COUNTS = {"one": 1, "two": 2, "three": 3, "four": 4, "1": 1, "2": 2, "3": 3, "4": 4}
_MODES = "major|minor|dorian|mixolydian|lydian|phrygian|ionian|aeolian|maj|min|dor|mix"
_SIGN = r"\s?(?:#|♯|♭|sharp|flat)|b(?=\b|m)"
_KEY = re.compile(
    rf"\b(?:in|key(?: of)?)\s+(?:the key of\s+)?([a-g](?:{_SIGN})?(?:\s?(?:{_MODES})|m)?)(?![\w#♯♭])", re.IGNORECASE
)
_FILLER = re.compile(
    r"""(?x) a | an | the | please | compose | make | me | us | play | give | tunes? | in | some | something | of | with
    | and | for | can | could | you | i | we | would | like | want | to | hear | write | new | one | hi | hello | hey
    | thanks? | very | it | is | that | be"""
)


@dataclass(frozen=True)
class Understood:
    """A command, and whether every word that was said is in it."""

    command: str
    whole: bool


def understand(text: str) -> Understood | None:
    """The command that is nearest to what was said; None where nothing of it is a key, a dance, or how daring."""
    said = " ".join(text.split())[:200]
    found: dict[str, str] = {}
    if (match := _KEY.search(said)) and (offers := keys(match[1], 1)):
        found["key"] = offers[0].value
        said = f"{said[: match.start()]} {said[match.end() :]}"
    words = re.findall(r"[\w:’']+", said.lower())
    left = []
    at = 0
    while at < len(words):
        pair = " ".join(words[at : at + 2])
        if len(words) > at + 1 and (name := _rhythm(pair)):
            found.setdefault("rhythm", name)
            at += 2
            continue
        if not _take(words[at], found):
            left.append(words[at])
        at += 1
    if not found:
        return None
    whole = "key" in found and all(_FILLER.fullmatch(word) for word in left)
    ordered = {"key": found.pop("key", _USUAL_KEY), **found}
    return Understood("/compose " + " ".join(f"{name}:{value}" for name, value in ordered.items()), whole)


def _take(word: str, found: dict[str, str]) -> bool:
    """Whether a word says one of the options, which is then found."""
    if name := _rhythm(word):
        found.setdefault("rhythm", name)
    elif word in _DARING:
        found.setdefault("temperature", _DARING[word])
    elif word.upper() in FORMS:
        found.setdefault("form", word.upper())
    elif 1 < _COUNTS.get(word, 0) <= MOST_TUNES:
        found.setdefault("count", str(_COUNTS[word]))
    else:
        return False
    return True


def _rhythm(word: str) -> str:
    """The dance of this name, in the singular or plural; empty where there is none."""
    if len(word) < 3:
        return ""
    for offer in rhythms(word, 3):
        names = (offer.value, f"{offer.value}s", f"{offer.value}es")
        if word in names or word.replace(" ", "") in (name.replace(" ", "") for name in names):
            return offer.value
    return ""
