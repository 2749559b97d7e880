"""Tunes that members voted on, as tokens: read from training examples, and split between tuning and the gate."""

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

HELD_OUT = 0.3  # share of the voted tunes that are not trained on: the gate tests on them


@dataclass(frozen=True)
class VotedTune:
    """A tune with the signed weight of its votes, see model.retraining.vote_weights."""

    id: int
    normalized: NormalizedTune
    tokens: tuple[str, ...]
    weight: float

    @property
    def held_out(self) -> bool:
        """Whether it is the gate's and not trained on: the same for a tune in every retraining."""
        return int(hashlib.sha256(str(self.id).encode()).hexdigest()[:8], 16) < HELD_OUT * 2**32

    @classmethod
    def of(cls, example: TrainingExample, vocabulary: Vocabulary) -> "VotedTune":
        """NotationError for ABC that is no well-formed tune, or has tokens that the network does not know."""
        tune = parse(example.abc)
        metre = "4/4" if tune.metre.length == 1 else str(tune.metre)
        parts = spelled_on_c(parts_of(tune), tune.key)
        normalized = NormalizedTune(example.rhythm, tune.metre.length, metre, tune.key.mode, parts)
        tokens = ["F:other" if t.startswith("F:") and t not in vocabulary.ids else t for t in encode(normalized)]
        if unknown := [token for token in tokens if token not in vocabulary.ids]:
            raise NotationError(f"the network does not know {unknown[0]}")
        return cls(example.id, normalized, tuple(tokens), example.weight)


def read(path: Path, vocabulary: Vocabulary) -> list[VotedTune]:
    """The tunes of a file of training examples that the network has tokens for. InputError names a bad line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read the votes from {path}: {getattr(error, 'strerror', None) or error}") from error
    numbered = [(line, f"{path}, line {number}") for number, line in enumerate(lines, 1) if line.strip()]
    tunes = [_voted_tune(line, where, vocabulary) for line, where in numbered]
    return [tune for tune in tunes if tune and tune.weight]


def split(tunes: Sequence[VotedTune]) -> tuple[list[VotedTune], list[VotedTune]]:
    """The tunes to train on, and the gate's."""
    return [tune for tune in tunes if not tune.held_out], [tune for tune in tunes if tune.held_out]


def _voted_tune(line: str, where: str, vocabulary: Vocabulary) -> VotedTune | None:
    try:
        example = TrainingExample.from_line(line)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise InputError(f"{where}: not a voted tune with id, abc, rhythm and weight") from error
    if not math.isfinite(example.weight):
        raise InputError(f"{where}: the weight is not a number")
    try:
        return VotedTune.of(example, vocabulary)
    except NotationError:  # a tune of another release's grammar teaches nothing
        return None
