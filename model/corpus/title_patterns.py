"""Patterns of the books' titles: their words, with a slot for each that others of its kind may stand for."""

import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from model.corpus.titles import clean, fingerprints

SLOT = "/"  # marks a kind in a pattern: "The Humours of /town"
DANCE = "dance"  # the kind of the rhythm's own name
DANCES = {  # a title's word for a dance -> the rhythm that has it
    "Reel": "reel",
    "Hornpipe": "hornpipe",
    "Jig": "jig",
    "Polka": "polka",
    "Waltz": "waltz",
    "March": "march",
    "Quickstep": "march",
    "Strathspey": "strathspey",
    "Air": "air",
    "Slide": "slide",
}
PLAIN = (  # words that may stand in any pattern beside slots
    "the of a an and to in on my for from o' or at with by is was over up down away around behind under among about"
    " o'er wi' her his your our i i'll i'm me you ye it all be has that no not when where come go here there his he she"
)
ARTICLES = ("the", "a", "an")
FEWEST = 2  # titles in which any other word has to stand
JUNK = frozenset({"Strathsy", "Regt", "Honble", "Sergt", "Battn", "Genl", "Gan", "Ainm", "No"})  # and is none of these
_COMMON = re.compile(r"[A-Z][a-z']{2,}|[a-z]{4,}")


@cache
def kinds() -> dict[str, str]:
    """Word -> its kind, of `title_words.toml`."""
    listed = tomllib.loads(Path(__file__).with_name("title_words.toml").read_text(encoding="utf-8"))
    return {word: kind for kind, words in listed.items() for word in words.split()}


def pattern_of(title: str, common: frozenset[str]) -> str:
    """`title` with slots; empty where it has none, or a word that is neither `common` nor of a kind."""
    words, slots = [], 0
    for word in title.split():
        if word in DANCES or (kind := kinds().get(word, "")):
            words.append(SLOT + (DANCE if word in DANCES else kind))
            slots += word not in DANCES
        elif word.lower() in PLAIN.split() or word in common:
            words.append(word)
        else:
            return ""
    return " ".join(words) if slots and words[-1].lower() not in ARTICLES else ""


def titles_of(titles: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The facts that new titles are made of, from (rhythm, title) of the books.

    `patterns` by rhythm and `words` by kind, each with the number of titles that have it; `taken`: the fingerprints of
    the titles that exist.
    """
    known = {(rhythm, text) for rhythm, title in titles if (text := clean(title))}
    uses = Counter(word for text in {text for _, text in known} for word in set(text.split()))
    common = frozenset(word for word, count in uses.items() if count >= FEWEST and _COMMON.fullmatch(word)) - JUNK
    patterns: dict[str, Counter[str]] = defaultdict(Counter)
    for rhythm, text in known:
        if pattern := pattern_of(text, common):
            patterns[rhythm][pattern] += 1
    words: dict[str, dict[str, int]] = defaultdict(dict)
    for word, kind in (kinds() | dict.fromkeys(DANCES, DANCE)).items():
        if word in uses:
            words[kind][word] = uses[word]
    return {
        "patterns": {rhythm: dict(sorted(found.items())) for rhythm, found in sorted(patterns.items())},
        "words": {kind: dict(sorted(found.items())) for kind, found in sorted(words.items())},
        "taken": fingerprints([title for _, title in titles]),
    }
