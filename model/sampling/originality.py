"""Is a tune somebody else's? The nearest tune of the corpus and how alike the two are.

Tunes are compared as the AI Music Generation Challenge does: sequences of (interval, length), so that key does not
matter, by normalised Damerau-Levenshtein similarity: 1 for the same melody, 0 for nothing in common. The index keeps a
16-bit hash of each note of each corpus tune, its title and its book, and ships beside the checkpoint.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rapidfuzz.distance import OSA, DamerauLevenshtein

from model.encoding.contour import contour
from model.encoding.tokenizer import NormalizedTune
from model.errors import CheckpointError
from model.music.tune import TICKS
from model.network import checkpoint
from model.network.checkpoint import Checkpoint

SHIPPED = checkpoint.SHIPPED.with_name("originality.safetensors")
GRAM = 4  # notes in a row that candidates must share
CANDIDATES = 12  # tunes that share most grams are looked at
ALIGNED = 2  # of them, as many are aligned exactly: the nearest by a quicker measure
RUNS = 3  # of them, as many are searched for verbatim bars beside those
LIMIT = 0.8  # similarity above which a tune is drawn again
VERBATIM_BARS = 8  # so many bars in a row of another tune are too many


@dataclass(frozen=True)
class Nearest:
    """The corpus tune most like a new one; `bars` of the new one stand in it note for note, in a row."""

    title: str
    source: str
    similarity: float
    bars: float

    @property
    def too_close(self) -> bool:
        return self.similarity > LIMIT or self.bars >= VERBATIM_BARS


NOBODY = Nearest("", "", 0.0, 0.0)


class Index:
    """The corpus' melodies, hashed, and where each run of GRAM notes stands."""

    def __init__(self, loaded: Checkpoint) -> None:
        try:
            notes = (loaded.weights["notes"].numpy().astype(np.int32) + 0x8000).astype(np.uint16)
            starts = loaded.weights["starts"].numpy()
            self._names: list[tuple[str, str]] = [(title, source) for title, source in loaded.facts["tunes"]]
        except (KeyError, ValueError) as error:
            raise CheckpointError("the originality index does not fit its own description") from error
        self._melodies = np.split(notes, starts[1:])
        grams = [_grams(melody) for melody in self._melodies]
        owners = np.repeat(np.arange(len(grams)), [len(g) for g in grams])
        joined = np.concatenate(grams)
        order = np.argsort(joined, kind="stable")
        self._grams, self._owners = joined[order], owners[order]

    @classmethod
    def load(cls, path: Path = SHIPPED) -> "Index":
        """Raises CheckpointError."""
        return cls(checkpoint.read(path))

    def nearest(self, song: NormalizedTune, given: int | Sequence[bool] = 0) -> Nearest:
        """The tune nearest to `song`, of which the `given` notes were in the prompt and do not count.

        They are the first so many, or, rests aside, those that are marked.
        """
        steps = contour(song)
        steps = (
            steps[given:] if isinstance(given, int) else [s for s, mark in zip(steps, given, strict=True) if not mark]
        )
        melody = np.array([_hashed(step) for step in steps], dtype=np.uint16)
        bar = float(song.metre * TICKS)
        shared = self._shared(_grams(melody))
        candidates = [int(owner) for owner in np.argsort(-shared, kind="stable")[:CANDIDATES] if shared[owner]]
        # OSA is Damerau-Levenshtein with a rare case left out, and some fifty times as fast: it picks whom to align
        rough = {owner: OSA.normalized_similarity(_text(melody), _text(self._melodies[owner])) for owner in candidates}
        aligned = sorted(candidates, key=lambda owner: -rough[owner])[:ALIGNED]
        best = NOBODY
        for owner in dict.fromkeys([*aligned, *candidates[:RUNS]]):
            other = self._melodies[owner]
            similarity = rough[owner]
            if owner in aligned:
                similarity = DamerauLevenshtein.normalized_similarity(_text(melody), _text(other))
            start, end = _longest_run(melody, other)
            bars = sum(length for _, length in steps[start:end]) / bar
            if (similarity, bars) > (best.similarity, best.bars) or bars >= VERBATIM_BARS > best.bars:
                title, source = self._names[owner]
                best = Nearest(title, source, similarity, bars)
        return best

    def _shared(self, grams: NDArray[np.uint64]) -> NDArray[np.int64]:
        """For each corpus tune, how many of `grams` it has."""
        wanted = np.unique(grams)
        first = np.searchsorted(self._grams, wanted, side="left")
        last = np.searchsorted(self._grams, wanted, side="right")
        hits = [self._owners[a:b] for a, b in zip(first, last, strict=True) if b > a]
        counts = np.bincount(np.concatenate(hits), minlength=len(self._names)) if hits else np.zeros(len(self._names))
        return counts.astype(np.int64)


def _hashed(step: tuple[int, int]) -> int:
    return zlib.crc32(repr(step).encode()) & 0xFFFF


def _grams(melody: NDArray[np.uint16]) -> NDArray[np.uint64]:
    wide = melody.astype(np.uint64)
    count = max(0, len(wide) - GRAM + 1)
    packed = np.zeros(count, dtype=np.uint64)
    for offset in range(GRAM):
        packed |= wide[offset : offset + count] << np.uint64(16 * offset)
    return packed


def _text(melody: NDArray[np.uint16]) -> str:
    """A character for each note: what rapidfuzz compares fastest."""
    return melody.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")


def _longest_run(melody: NDArray[np.uint16], other: NDArray[np.uint16]) -> tuple[int, int]:
    """The longest stretch [start, end) of `melody` that stands in `other`; empty if there is none."""
    rows, columns = len(melody), len(other)
    if not rows or not columns:
        return 0, 0
    # `other` backwards makes a run stand on an anti-diagonal; read a column narrower, that is a column; and behind the
    # last row an empty one parts the columns that are then laid end to end
    width = rows + columns
    grid = np.zeros((rows + 1, width), dtype=np.bool_)
    grid[:rows, :columns] = melody[:, None] == other[None, ::-1]
    runs = grid.ravel()[: (rows + 1) * (width - 1)].reshape(rows + 1, width - 1).T.ravel()
    edges = np.flatnonzero(np.diff(runs, prepend=False))
    starts, ends = edges[::2], edges[1::2]
    if not len(starts):
        return 0, 0
    longest = int(np.argmax(ends - starts))
    start = int(starts[longest]) % (rows + 1)
    return start, start + int(ends[longest] - starts[longest])


def index_of(songs: Sequence[tuple[NormalizedTune, str, str]]) -> Checkpoint:
    """The index of (song, title, source), ready to be written."""
    melodies = [[_hashed(step) for step in contour(song)] for song, _, _ in songs]
    starts = np.cumsum([0, *map(len, melodies)])[:-1]
    return Checkpoint(
        preset="originality",
        network={},
        vocabulary={},
        facts={"tunes": [[title, source] for _, title, source in songs]},
        weights={
            "notes": torch.tensor([note - 0x8000 for melody in melodies for note in melody], dtype=torch.int16),
            "starts": torch.tensor(starts, dtype=torch.int32),
        },
    )
