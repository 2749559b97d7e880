"""Training runs that take a moment."""

import dataclasses
from pathlib import Path

import torch

from model.corpus.sources import path_source
from model.network.presets import SEED, TRAD, Preset
from model.training.dataset import Prepared, prepare
from tests.model.random_corpora import jigs

TINY = dataclasses.replace(
    TRAD,
    widths=(8, *(4,) * (len(TRAD.widths) - 1)),
    hidden=16,
    dropout=0.2,
    batch=16,
    rate=0.02,
    steps=40,
    evaluate_every=20,
)
TINY_SEED = dataclasses.replace(SEED, widths=(8,), hidden=16, batch=8, seq_length=25, rate=0.02, steps=30)


def prepared_jigs(folder: Path, preset: Preset = TINY, seed: int = 0, count: int = 60) -> Prepared:
    """A run of `preset` on `count` random jigs."""
    (folder / "jigs.abc").write_text(jigs(count))
    return prepare(preset, [path_source(folder / "jigs.abc")], seed)


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    """Whether two state dicts are equal."""
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
