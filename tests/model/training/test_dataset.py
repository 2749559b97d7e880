import dataclasses
import json
from pathlib import Path

import pytest
import torch

from model.corpus.sources import path_source
from model.encoding.part_plan import Plans
from model.encoding.vocabulary import Vocabulary
from model.errors import InputError
from model.network import presets
from model.network.lstm import NetworkConfig
from model.network.presets import Preset
from model.training.batches import IGNORED, TuneBatches
from model.training.dataset import MARGIN, text_notes
from tests.model.random_corpora import jigs
from tests.model.training.small_runs import TINY, TINY_SEED, prepared_jigs, same


@pytest.mark.parametrize("preset", [TINY, TINY_SEED])
def test_too_few_tunes_are_refused(tmp_path: Path, preset: Preset) -> None:
    with pytest.raises(InputError, match="too few to train on"):
        prepared_jigs(tmp_path, preset, count=1)


def test_the_same_seed_gives_the_same_weights(tmp_path: Path) -> None:
    one, two, three = (prepared_jigs(tmp_path, seed=seed).network.state_dict() for seed in (3, 3, 4))
    assert same(one, two)
    assert not same(one, three)


@pytest.mark.parametrize("name", ["plain", "lookback", "trad"])
def test_each_preset_has_its_own_inputs(name: str, tmp_path: Path) -> None:
    preset = dataclasses.replace(presets.named(name), hidden=8, layers=1)
    prepared = prepared_jigs(tmp_path, preset)
    config = prepared.network.config
    assert config.inputs == preset.inputs
    assert NetworkConfig.from_json(json.loads(json.dumps(config.to_json()))) == config
    inputs = prepared.batches.training(torch.Generator().manual_seed(0)).inputs
    assert inputs.shape[2] == {"plain": 1, "lookback": 5, "trad": 29}[name]
    assert all(int(inputs[..., i].max()) < size for i, size in enumerate(config.input_sizes))


def test_facts_tell_what_was_trained_on(tmp_path: Path) -> None:
    prepared = prepared_jigs(tmp_path, seed=4)
    facts, corpus = prepared.header["facts"], prepared.corpus
    source = path_source(tmp_path / "jigs.abc")
    assert facts["sources"] == {"jigs": {"tunes": 60, "sha256": source.sha256()}}
    assert facts["split"] == {side: len(corpus.split(side)) for side in ("train", "validation", "held-out")}
    assert sum(facts["split"].values()) == len(corpus.tunes) == facts["families"] == 60
    assert facts["seed"] == 4
    assert Plans.from_facts(facts).to_json() == facts["plans"] != []


def test_characters_are_those_of_all_tunes_and_windows_those_to_train_on(tmp_path: Path) -> None:
    prepared = prepared_jigs(tmp_path, TINY_SEED)
    known = Vocabulary.from_json(prepared.header["vocabulary"])
    assert set(known.tokens) == set(jigs(60))
    (first, *_) = prepared.batches.held_out()
    text = MARGIN.join(tune.text for tune in prepared.corpus.split("validation"))
    seen = [target for target in first.targets[0].tolist() if target != IGNORED]
    assert text[1 : 1 + len(seen)] == "".join(known.decode(seen))


def test_notes_of_text_that_cannot_be_read_are_none() -> None:
    assert text_notes("X:1\nM:2/4\nL:1/8\nK:D\nA2 z2|") == 2
    assert text_notes("hello") == 0


def test_batches_of_tunes_are_of_whole_tunes(tmp_path: Path) -> None:
    batches = prepared_jigs(tmp_path).batches
    assert isinstance(batches, TuneBatches)
    batch = batches.training(torch.Generator().manual_seed(1))
    assert batch.inputs.shape[:2] == batch.targets.shape
    assert batch.targets.shape[0] == TINY.batch
