"""Tunes that members voted on, as training reads them: JSON lines of {"id", "abc", "rhythm", "weight"}."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from model.encoding.tokenizer import NormalizedTune, encode, spelled_on_c
from model.encoding.vocabulary import Vocabulary
from model.errors import InputError, NotationError
from model.music.abc_reader import parse
from model.music.parts import parts_of
from model.retraining.protocol import TrainingExample

HELD_OUT = 0.3  # share of the voted tunes that training does not see: the gate asks them


@dataclass(frozen=True)
class Voted:
    """A tune with the signed weight of its votes, see model.retraining.vote_weights."""

    id: int
    song: NormalizedTune
    tokens: tuple[str, ...]
    weight: float

    @property
    def held_out(self) -> bool:
        """Whether the gate has it, and training has not: the same for a tune in every retraining."""
        return int(hashlib.sha256(str(self.id).encode()).hexdigest()[:8], 16) < HELD_OUT * 2**32


def voted(example: TrainingExample, vocabulary: Vocabulary) -> Voted:
    """A voted tune from its ABC. NotationError where it does not read as a well-formed tune that the network knows."""
    tune = parse(example.abc)
    metre = "4/4" if tune.metre.length == 1 else str(tune.metre)
    song = NormalizedTune(
        example.rhythm, tune.metre.length, metre, tune.key.mode, spelled_on_c(parts_of(tune), tune.key)
    )
    tokens = ["F:other" if t.startswith("F:") and t not in vocabulary.ids else t for t in encode(song)]
    if unknown := [token for token in tokens if token not in vocabulary.ids]:
        raise NotationError(f"the network does not know {unknown[0]}")
    return Voted(example.id, song, tuple(tokens), example.weight)


def read(path: Path, vocabulary: Vocabulary) -> list[Voted]:
    """The tunes of a file that the network has tokens for. InputError names the line that is none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read the votes from {path}: {getattr(error, 'strerror', None) or error}") from error
    places = [(line, f"{path}, line {number}") for number, line in enumerate(lines, 1) if line.strip()]
    rows = [_row(line, where, vocabulary) for line, where in places]
    return [row for row in rows if row and row.weight]


def _row(line: str, where: str, vocabulary: Vocabulary) -> Voted | None:
    try:
        example = TrainingExample.from_line(line)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise InputError(f"{where}: not a voted tune with id, abc, rhythm and weight") from error
    if not math.isfinite(example.weight):
        raise InputError(f"{where}: the weight is not a number")
    try:
        return voted(example, vocabulary)
    except NotationError:  # a tune of another release's grammar teaches nothing
        return None


def sides(tunes: Sequence[Voted]) -> tuple[list[Voted], list[Voted]]:
    """Those to train on, and those for the gate."""
    return [tune for tune in tunes if not tune.held_out], [tune for tune in tunes if tune.held_out]
