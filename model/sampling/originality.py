"""Originality of a tune: the corpus tune nearest to it, and how similar the two are.

Tunes are compared as the AI Music Generation Challenge does: sequences of (interval, length), so that key does not
matter, by normalised Damerau-Levenshtein similarity: 1 for the same melody, 0 for nothing in common. The index has a
16-bit hash of each note of each corpus tune, its title and its source, and is shipped beside the checkpoint.
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
from model.music.never_said import shown
from model.music.tune import TICKS
from model.network import checkpoint
from model.network.checkpoint import Checkpoint

SHIPPED = checkpoint.SHIPPED.with_name("originality.safetensors")
GRAM = 4  # notes in a row
CANDIDATES = 12  # corpus tunes, those that share most grams, are compared by a fast measure
ALIGNED = 2  # of them, those nearest by that measure, are aligned exactly
RUNS = 3  # of them, those that share most grams, are searched for verbatim bars, as the aligned ones are
LIMIT = 0.8  # similarity above which a tune is too close
VERBATIM_BARS = 8  # bars in a row of another tune from which on it is too


@dataclass(frozen=True)
class Nearest:
    """The corpus tune most similar to a new one. `bars` of the new one, in a row, are in it note for note."""

    title: str
    source: str
    similarity: float
    bars: float

    @property
    def too_close(self) -> bool:
        return self.similarity > LIMIT or self.bars >= VERBATIM_BARS


NOTHING_NEAR = Nearest("", "", 0.0, 0.0)


class Index:
    """The corpus' melodies, hashed, and which of them have each run of GRAM notes."""

    def __init__(self, loaded: Checkpoint) -> None:
        """`loaded` is what `index_of` returns. Raises CheckpointError for anything else."""
        try:
            notes = (loaded.weights["notes"].numpy().astype(np.int32) + 0x8000).astype(np.uint16)
            starts = loaded.weights["starts"].numpy()
            self._names: list[tuple[str, str]] = [(shown(title), source) for title, source in loaded.facts["tunes"]]
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

    def nearest(self, tune: NormalizedTune, given: int | Sequence[bool] = 0) -> Nearest:
        """The corpus tune nearest to `tune`. Its `given` notes, which were in the prompt, do not count.

        `given` is how many notes from the start, or a mark for each note; rests are no notes.
        """
        steps = contour(tune)
        steps = (
            steps[given:] if isinstance(given, int) else [s for s, mark in zip(steps, given, strict=True) if not mark]
        )
        melody = np.array([_hashed(step) for step in steps], dtype=np.uint16)
        bar = float(tune.metre * TICKS)
        shared = self._shared(_grams(melody))
        candidates = [int(owner) for owner in np.argsort(-shared, kind="stable")[:CANDIDATES] if shared[owner]]
        # OSA is Damerau-Levenshtein without a rare case, and some fifty times as fast
        rough = {owner: OSA.normalized_similarity(_text(melody), _text(self._melodies[owner])) for owner in candidates}
        aligned = sorted(candidates, key=lambda owner: -rough[owner])[:ALIGNED]
        best = NOTHING_NEAR
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
    """The longest run [start, end) of `melody` that is also in `other`; empty if there is none."""
    rows, columns = len(melody), len(other)
    if not rows or not columns:
        return 0, 0
    # with `other` reversed, a run is on an anti-diagonal of the grid; read as rows one column narrower, it is in a
    # column; an empty last row keeps the columns apart when they are joined end to end
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


def index_of(tunes: Sequence[tuple[NormalizedTune, str, str]]) -> Checkpoint:
    """The index of (tune, title, source), as Index takes it."""
    melodies = [[_hashed(step) for step in contour(tune)] for tune, _, _ in tunes]
    starts = np.cumsum([0, *map(len, melodies)])[:-1]
    return Checkpoint(
        preset="originality",
        network={},
        vocabulary={},
        facts={"tunes": [[title, source] for _, title, source in tunes]},
        weights={
            "notes": torch.tensor([note - 0x8000 for melody in melodies for note in melody], dtype=torch.int16),
            "starts": torch.tensor(starts, dtype=torch.int32),
        },
    )
