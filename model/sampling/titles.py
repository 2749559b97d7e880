"""Invents titles: patterns of the books' titles with other words of the books in their slots, none of which exists."""

import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np

from model.corpus.title_patterns import DANCE, DANCES, SLOT
from model.corpus.titles import RHYTHM_WORDS, clean, fingerprint
from model.errors import CheckpointError
from model.network import checkpoint
from model.network.checkpoint import Checkpoint
from model.prompt import plain_title

SHIPPED = checkpoint.SHIPPED.with_name("titles.safetensors")
OWN = 0.6  # the share of titles whose pattern comes from titles of their own rhythm, where there are FEWEST
FEWEST = 30
EVENED = 0.6  # the power of a word's number of titles that its frequency goes by
DRAWS = 200  # at most
_VOWELS = tuple("AEIOUaeiou")
_SINGULAR = re.compile(r"\ban? (?:\w+ )?\w+[^s']s$", re.IGNORECASE)  # an article before what is plural


class _Weighted:
    """Texts, drawn as often as their weights say."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        self._texts, self._ends = list(weights), list(accumulate(weights.values()))

    def draw(self, random: np.random.Generator) -> str:
        return self._texts[int(np.searchsorted(self._ends, random.random() * self._ends[-1], side="right"))]

    def __len__(self) -> int:
        return len(self._texts)

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)


class Titles:
    """Draws titles. The same rhythm and seed give the same title."""

    def __init__(self, loaded: Checkpoint) -> None:
        """Raises CheckpointError for a file of another preset."""
        try:
            patterns, words = loaded.facts["patterns"], loaded.facts["words"]
            self._taken = frozenset(loaded.facts["taken"])
            self._patterns = {rhythm: _Weighted(found) for rhythm, found in patterns.items()}
            whole: dict[str, float] = {}
            for found in patterns.values():
                whole |= {pattern: whole.get(pattern, 0) + count for pattern, count in found.items()}
            self._of_all = _Weighted(whole)
            self._words = {kind: _Weighted({w: n**EVENED for w, n in found.items()}) for kind, found in words.items()}
        except (AttributeError, KeyError, TypeError) as error:
            raise CheckpointError("the file of titles has no patterns, words or list of those that exist") from error
        if not whole:
            raise CheckpointError("the file of titles has no patterns")

    @classmethod
    def load(cls, path: Path = SHIPPED) -> "Titles":
        """Raises CheckpointError."""
        return cls(checkpoint.read(path))

    def draw(self, wanted: Sequence[tuple[str, int]]) -> list[str]:
        """A new title for each (rhythm, seed), the same whatever else is wanted."""
        return [self._draw(rhythm, seed) for rhythm, seed in wanted]

    def _draw(self, rhythm: str, seed: int) -> str:
        random = np.random.Generator(np.random.Philox(key=[seed, zlib.crc32(rhythm.encode())]))
        for _ in range(DRAWS):
            title = self._filled(self._pattern(rhythm, random), rhythm, random)
            if self._is_acceptable(title, rhythm):
                return title
        return plain_title(rhythm, seed)

    def _pattern(self, rhythm: str, random: np.random.Generator) -> str:
        own = self._patterns.get(rhythm)
        return (own if own and len(own) >= FEWEST and random.random() < OWN else self._of_all).draw(random)

    def _filled(self, pattern: str, rhythm: str, random: np.random.Generator) -> str:
        """Empty where the books name no such dance in a title."""
        words: list[str] = []
        for place in pattern.split():
            kind = place.removeprefix(SLOT) if place.startswith(SLOT) else ""
            words.append(self._words[kind].draw(random) if kind else place)
            if kind == DANCE:
                words[-1] = next((name for name in self._words[DANCE] if DANCES[name] in rhythm), "")
        for at, (word, after) in enumerate(pairwise(words)):
            if word.lower() in ("a", "an"):
                words[at] = word[0] + "n" * after.startswith(_VOWELS)
        return " ".join(words) if all(words) else ""

    def _is_acceptable(self, title: str, rhythm: str) -> bool:
        words = [word.lower().removesuffix("'s").removesuffix("s") for word in title.split()]
        if not title or _SINGULAR.search(title):
            return False
        other = [word for word in re.findall(rf"\b(?:{RHYTHM_WORDS})\b", title.lower()) if word not in rhythm]
        long = [word for word in words if len(word) > 3]
        return not other and len(long) == len(set(long)) and clean(title) == title and self._is_new(title)

    def _is_new(self, title: str) -> bool:
        return fingerprint(title) not in self._taken
