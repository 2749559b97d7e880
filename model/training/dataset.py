"""Prepares a training run: from a preset and sources to network, batches and the checkpoint's header."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from model.corpus.build import Corpus, build
from model.corpus.sources import Source
from model.encoding import vocabulary
from model.encoding.examples import inputs_and_targets, notes_in
from model.encoding.inputs import input_sizes
from model.encoding.part_plan import Plans
from model.encoding.vocabulary import Vocabulary
from model.errors import InputError, NotationError
from model.music.abc_reader import parse
from model.network.lstm import Network, NetworkConfig
from model.network.presets import Preset
from model.training.batches import Batches, CharacterWindows, TuneBatches

MARGIN = "\n\n"  # between tunes, as the article joins them


@dataclass(frozen=True)
class Prepared:
    """What a Trainer is made of, and the corpus. `header` has the checkpoint's `vocabulary` and `facts`."""

    network: Network
    batches: Batches
    header: dict[str, Any]
    corpus: Corpus


def prepare(preset: Preset, sources: Sequence[Source], seed: int = 0) -> Prepared:
    """Builds the corpus of `sources` and all that is needed to train `preset` on it; `seed` decides the first weights.

    Raises InputError for sources that cannot be read, and for too few tunes.
    """
    built = build(sources)
    torch.manual_seed(seed)
    if preset.vocabulary == "characters":
        known, windows = _characters(preset, sources, built)
        sizes: tuple[int, ...] = (len(known),)
        batches: Batches = windows
    else:
        known, batches = built.vocabulary(), _tunes(preset, built)
        sizes = input_sizes(known, preset.inputs)
    config = NetworkConfig(
        vocabulary=len(known),
        input_sizes=sizes,
        input_widths=preset.widths,
        hidden=preset.hidden,
        layers=preset.layers,
        dropout=preset.dropout,
        inputs=preset.inputs,
        copies=preset.copies,
        weight_drop=preset.weight_drop,
    )
    facts = {
        "sources": {s.name: {"tunes": built.report.read[s.name], "sha256": s.sha256()} for s in sources},
        "families": len({tune.group for tune in built.tunes}),
        "split": {side: len(built.split(side)) for side in ("train", "validation", "held-out")},
        "seed": seed,
    }
    if "plan" in preset.inputs:
        facts["plans"] = Plans.of(tune.normalized for tune in built.split("train")).to_json()
    return Prepared(Network(config), batches, {"vocabulary": known.to_json(), "facts": facts}, built)


def _tunes(preset: Preset, built: Corpus) -> TuneBatches:
    known = built.vocabulary()
    train, validation = built.split("train"), built.split("validation")
    if not train or not validation:
        raise InputError(f"the corpus has {len(built.tunes)} usable tunes, too few to train on and to check with")
    return TuneBatches(
        [inputs_and_targets(tune.tokens, known, preset.inputs) for tune in train],
        [inputs_and_targets(tune.tokens, known, preset.inputs) for tune in validation],
        sum(notes_in(tune.tokens) for tune in validation),
        preset.batch,
    )


def _characters(preset: Preset, sources: Sequence[Source], built: Corpus) -> tuple[Vocabulary, CharacterWindows]:
    texts = [text for source in sources for text in source.texts()]
    other_sides = {tune.text for tune in built.tunes if tune.split != "train"}
    validation = [tune.text for tune in built.split("validation")]
    known = vocabulary.characters(texts)
    if not validation or len(texts) < 20:
        raise InputError(f"the corpus has {len(texts)} tunes, too few to train on and to check with")
    train = known.encode(MARGIN.join(text for text in texts if text not in other_sides) + MARGIN)
    held_out = known.encode(MARGIN.join(validation) + MARGIN)
    return known, CharacterWindows(train, held_out, sum(map(text_notes, validation)), preset.batch, preset.seq_length)


def text_notes(text: str) -> int:
    """How many notes and rests ABC text has; 0 if it cannot be read."""
    try:
        return sum(1 for _ in parse(text).notes)
    except NotationError:
        return 0
