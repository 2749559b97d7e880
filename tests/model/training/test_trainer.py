import dataclasses
import json
import math
from pathlib import Path

import pytest
import torch

from model.corpus.sources import path_source
from model.errors import CheckpointError, InputError
from model.network import checkpoint, presets
from model.network.lstm import Network, NetworkConfig
from model.network.presets import SEED, TRAD, Preset
from model.training.dataset import Prepared, prepare
from model.training.trainer import Trainer, scheduled
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


def made(folder: Path, preset: Preset = TINY, seed: int = 0, count: int = 60) -> Prepared:
    (folder / "jigs.abc").write_text(jigs(count))
    return prepare(preset, [path_source(folder / "jigs.abc")], seed)


def trainer(folder: Path, out: str = "out.safetensors", preset: Preset = TINY) -> Trainer:
    prepared = made(folder, preset)
    return Trainer(prepared.network, prepared.batches, preset, folder / out, prepared.header)


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_a_small_run_learns_and_keeps_its_best_weights(tmp_path: Path) -> None:
    run = trainer(tmp_path)
    history = run.run()
    assert history.steps == [20, 40]
    assert history.held_out[-1] < history.held_out[0] < math.log(run.network.config.vocabulary) * 1.1
    kept = checkpoint.read(tmp_path / "out.safetensors")
    best = min(history.held_out)
    assert kept.facts["held_out_loss"] == pytest.approx(best, abs=1e-4)
    assert kept.facts["sources"]["jigs"]["tunes"] == 60
    run.network.load_state_dict(kept.weights)
    assert run.held_out_loss()[0] == pytest.approx(best, abs=0.01)  # float16
    picture = (tmp_path / "out.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 5000


def test_characters_train_too(tmp_path: Path) -> None:
    prepared = made(tmp_path, TINY_SEED)
    run = Trainer(prepared.network, prepared.batches, TINY_SEED, tmp_path / "seed.safetensors", prepared.header)
    before = run.held_out_loss()[0]
    run.run()
    assert run.held_out_loss()[0] < before
    assert checkpoint.read(tmp_path / "seed.safetensors").vocabulary["kind"] == "characters"


def test_training_stops_when_the_held_out_loss_stops_falling(tmp_path: Path) -> None:
    run = trainer(tmp_path, preset=dataclasses.replace(TINY, rate=0.0, steps=500, evaluate_every=1, patience=2))
    assert run.run().steps == [1, 2, 3]


def test_an_interrupted_run_goes_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    whole = trainer(tmp_path)
    whole.run()
    broken = trainer(tmp_path, "broken.safetensors")
    broken.run(until=lambda: broken.step == 17)
    assert broken.step == 17
    resumed = trainer(tmp_path, "broken.safetensors")
    resumed.resume()
    assert resumed.step == 17
    resumed.run()
    assert same(resumed.network.state_dict(), whole.network.state_dict())
    assert resumed.history.held_out == whole.history.held_out
    kept = [checkpoint.read(tmp_path / f"{name}.safetensors").weights for name in ("out", "broken")]
    assert same(*kept)


def test_a_resume_file_of_another_run_is_refused(tmp_path: Path) -> None:
    run = trainer(tmp_path)
    run.save_resume()
    other = trainer(tmp_path, preset=dataclasses.replace(TINY, hidden=8))
    with pytest.raises(CheckpointError, match="another network"):
        other.resume()
    (tmp_path / "minor.abc").write_text(jigs(120).replace("K:D", "K:Dm"))
    minor = prepare(TINY, [path_source(tmp_path / "minor.abc")])
    with pytest.raises(CheckpointError, match="another corpus"):
        Trainer(minor.network, minor.batches, TINY, run.out, minor.header).resume()


def test_a_truncated_resume_file_is_refused(tmp_path: Path) -> None:
    run = trainer(tmp_path)
    run.save_resume()
    run.resume_path.write_bytes(run.resume_path.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match="is corrupt"):
        run.resume()


@pytest.mark.parametrize("preset", [TINY, TINY_SEED])
def test_too_few_tunes_are_refused(tmp_path: Path, preset: Preset) -> None:
    with pytest.raises(InputError, match="too few to train on"):
        made(tmp_path, preset, count=1)


def test_the_same_seed_gives_the_same_weights(tmp_path: Path) -> None:
    one, two, three = (made(tmp_path, seed=seed).network.state_dict() for seed in (3, 3, 4))
    assert same(one, two)
    assert not same(one, three)


def test_the_seed_preset_is_the_articles_network() -> None:
    from model.network.lstm import NetworkConfig

    network = Network(NetworkConfig(83, (83,), SEED.widths, SEED.hidden, SEED.layers))
    assert network.parameter_count == 5_357_395
    assert network.parameter_count - 4 * SEED.hidden == 5_353_299
    assert (SEED.batch, SEED.seq_length, SEED.rate, SEED.steps) == (64, 125, 1e-4, 7500)


def test_schedules() -> None:
    assert scheduled(SEED, 0) == scheduled(SEED, 7499) == 1
    rates = [scheduled(TRAD, step) for step in range(TRAD.steps)]
    assert max(rates) == pytest.approx(1, abs=0.01)
    assert rates[0] < 0.05
    assert rates[-1] < 0.02


def test_presets_have_names() -> None:
    assert presets.named("seed") is SEED
    with pytest.raises(InputError, match="no preset"):
        presets.named("article")


@pytest.mark.parametrize("name", ["plain", "lookback", "trad"])
def test_each_preset_sees_only_its_inputs(name: str, tmp_path: Path) -> None:
    preset = dataclasses.replace(presets.named(name), hidden=8, layers=1)
    prepared = made(tmp_path, preset)
    config = prepared.network.config
    assert config.inputs == preset.inputs
    assert NetworkConfig.from_json(json.loads(json.dumps(config.to_json()))) == config
    inputs = prepared.batches.training(torch.Generator().manual_seed(0)).inputs
    assert inputs.shape[2] == {"plain": 1, "lookback": 5, "trad": 17}[name]
    assert all(int(inputs[..., i].max()) < size for i, size in enumerate(config.input_sizes))
