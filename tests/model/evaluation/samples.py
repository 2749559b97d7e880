"""Normalized and composed tunes for tests of scores."""

import dataclasses
import random
from fractions import Fraction
from functools import cache
from pathlib import Path

from model.corpus.sources import path_source
from model.encoding.tokenizer import NormalizedTune, spelled_on_c
from model.music.abc_reader import parse
from model.music.key import Pitch
from model.music.parts import Part, parts_of
from model.music.tune import Note
from model.network.checkpoint import Checkpoint
from model.network.presets import SEED
from model.sampling.batch_composing import every_prompt
from model.sampling.sampler import Composed, Sampler
from model.training.dataset import prepare
from tests.model.random_corpora import jigs


@cache
def composed(sampler: Sampler) -> list[Composed]:
    """A few tunes of all kinds, composed once a session."""
    return sampler.compose(every_prompt(12))


def normalized(music: str, key: str = "C", metre: str = "4/4") -> NormalizedTune:
    """A reel of some bars of ABC, in eighths."""
    tune = parse(f"X:1\nM:{metre}\nL:1/8\nK:{key}\n{music}")
    return NormalizedTune("reel", tune.metre.length, metre, tune.key.mode, spelled_on_c(parts_of(tune), tune.key))


def random_tune(seed: int, steps: tuple[int, ...] = (-2, -1, -1, 1, 1, 2)) -> NormalizedTune:
    """Two parts of four bars of eighths that walk by `steps` of the scale."""
    stream = random.Random(seed)
    line, bars = 35, []
    for _ in range(8):
        notes = []
        for _ in range(8):
            line = min(42, max(28, line + stream.choice(steps)))
            notes.append(Note(Pitch(line % 7, 0, line // 7), Fraction(1, 8)))
        bars.append(tuple(notes))
    return NormalizedTune("reel", Fraction(1), "4/4", "", (Part((), tuple(bars[:4])), Part((), tuple(bars[4:]))))


def untrained_characters(folder: Path) -> Checkpoint:
    """A checkpoint of the seed article's kind whose network has learned nothing."""
    (folder / "jigs.abc").write_text(jigs(60))
    tiny = dataclasses.replace(SEED, widths=(8,), hidden=16, batch=4, seq_length=50)
    prepared = prepare(tiny, [path_source(folder / "jigs.abc")])
    return Checkpoint(
        "seed", prepared.network.config.to_json(), weights=prepared.network.state_dict(), **prepared.header
    )
