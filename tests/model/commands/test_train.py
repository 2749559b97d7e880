import dataclasses
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from model.commands.train import _description
from model.corpus.sources import path_source
from model.network import checkpoint
from model.network.presets import TRAD
from model.training.dataset import prepare
from model.training.trainer import Trainer
from tests.model.command_line import ROOT, is_one_line, model
from tests.model.random_corpora import jigs

PRESET = dataclasses.replace(
    TRAD, widths=(8, *(4,) * (len(TRAD.widths) - 1)), hidden=16, batch=16, steps=24, evaluate_every=8
)
SMALL = """
import sys
from model.network import presets
from tests.model.commands.test_train import PRESET
presets._ALL["trad"] = PRESET
from model.__main__ import main
sys.exit(main(sys.argv[1:]))
"""  # the real command with a network that takes a moment to train


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "jigs.abc").write_text(jigs(60))
    books = str(tmp_path / "books")
    return ["train", "--preset", "trad", "--corpus", books, "--steps", "24", "--threads", "1", "--seed", "5"]


def killed_after(line: str, arguments: list[str]) -> None:
    """Run the command and SIGKILL it as soon as it prints `line`."""
    with subprocess.Popen(
        [sys.executable, "-c", SMALL, *arguments], cwd=ROOT, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stderr is not None
        assert any(printed.startswith(line) for printed in running.stderr)
        running.kill()
    assert running.returncode == -signal.SIGKILL


def test_a_killed_run_resumes_to_the_weights_of_an_uninterrupted_one(tmp_path: Path, command: list[str]) -> None:
    whole, broken = tmp_path / "whole.safetensors", tmp_path / "broken.safetensors"
    torch.set_num_threads(1)  # as the command does
    prepared = prepare(PRESET, [path_source(tmp_path / "books")], seed=5)
    Trainer(prepared.network, prepared.batches, PRESET, whole, prepared.header, seed=5).run()
    killed_after("step 16/24", [*command, "--out", str(broken)])
    resumed = model(*command, "--out", str(broken), "--resume", program=("-c", SMALL))
    assert resumed.status == 0, resumed.err
    at = re.search(r"resumed at step (\d+)", resumed.err)
    assert at is not None
    assert 8 <= int(at[1]) < 24
    for suffix in ("", ".resume"):
        one, two = (checkpoint.read_tensors(Path(f"{path}{suffix}"))[1] for path in (whole, broken))
        assert one.keys() == two.keys()
        assert all(torch.equal(one[name], two[name]) for name in one)
    assert broken.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    assert "train --preset trad" in checkpoint.read(broken).facts["command"]
    assert resumed.out == ""


def test_the_seed_presets_parameters_are_explained() -> None:
    text = _description("seed", 5_357_395)
    assert "5,357,395 parameters" in text
    assert "5,353,299" in text
    assert "4,096" in text


def test_bad_input_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    is_one_line(model("train", "--preset", "trad", "--steps", "0"), 2, "--steps is 0")
    is_one_line(model("train", "--preset", "trad", "--corpus", str(tmp_path / "none")), 2, "no ABC file or folder")
    is_one_line(model("train", "--preset", "trad", "--corpus", str(tmp_path / "empty")), 2, "holds no .abc file")


def test_a_run_can_start_from_the_weights_of_another(tmp_path: Path, command: list[str]) -> None:
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    assert model(*command, "--out", str(first), program=("-c", SMALL)).status == 0
    again = [*command[:-2], "--seed", "6", "--rate", "0.000001", "--init", str(first), "--out", str(second)]
    ended = model(*again, program=("-c", SMALL))
    assert ended.status == 0, ended.err
    one, two = checkpoint.read(first), checkpoint.read(second)
    assert torch.allclose(one.weights["output.weight"], two.weights["output.weight"], atol=0.01)
    assert two.facts["init"]["sha256"] == checkpoint.sha256(first)


def test_a_missing_checkpoint_to_start_from_and_a_wild_rate_are_one_line(tmp_path: Path, command: list[str]) -> None:
    missing = ("--init", str(tmp_path / "none"), "--out", str(tmp_path / "out"))
    is_one_line(model(*command, *missing, program=("-c", SMALL)), 1, "no checkpoint at")
    is_one_line(model(*command, "--rate", "7", program=("-c", SMALL)), 2, "--rate")
