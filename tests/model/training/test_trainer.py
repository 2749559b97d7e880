import dataclasses
import math
from pathlib import Path

import pytest

from model.corpus.sources import path_source
from model.errors import CheckpointError
from model.network import checkpoint
from model.network.presets import SEED, TRAD, Preset
from model.training.dataset import prepare
from model.training.trainer import Trainer, scheduled
from tests.model.random_corpora import jigs
from tests.model.training.small_runs import TINY, TINY_SEED, prepared_jigs, same


def trainer(folder: Path, out: str = "out.safetensors", preset: Preset = TINY) -> Trainer:
    prepared = prepared_jigs(folder, preset)
    return Trainer(prepared.network, prepared.batches, preset, folder / out, prepared.header)


def test_a_small_run_learns_and_writes_its_best_weights(tmp_path: Path) -> None:
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


def test_a_network_of_characters_learns(tmp_path: Path) -> None:
    prepared = prepared_jigs(tmp_path, TINY_SEED)
    run = Trainer(prepared.network, prepared.batches, TINY_SEED, tmp_path / "seed.safetensors", prepared.header)
    before = run.held_out_loss()[0]
    run.run()
    assert run.held_out_loss()[0] < before
    assert checkpoint.read(tmp_path / "seed.safetensors").vocabulary["kind"] == "characters"


def test_training_stops_when_the_held_out_loss_stops_falling(tmp_path: Path) -> None:
    run = trainer(tmp_path, preset=dataclasses.replace(TINY, rate=0.0, steps=500, evaluate_every=1, patience=2))
    assert run.run().steps == [1, 2, 3]


def test_a_resumed_run_ends_with_the_weights_of_an_uninterrupted_one(tmp_path: Path) -> None:
    whole = trainer(tmp_path)
    whole.run()
    interrupted = trainer(tmp_path, "broken.safetensors")
    interrupted.run(until=lambda: interrupted.step == 17)
    assert interrupted.step == 17
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


def test_schedules() -> None:
    assert scheduled(SEED, 0) == scheduled(SEED, 7499) == 1
    rates = [scheduled(TRAD, step) for step in range(TRAD.steps)]
    assert max(rates) == pytest.approx(1, abs=0.01)
    assert rates[0] < 0.05
    assert rates[-1] < 0.02
