import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save

from model.encoding.vocabulary import Vocabulary
from model.errors import CheckpointError, InputError
from model.network import checkpoint
from model.network.checkpoint import Checkpoint
from model.network.lstm import Network, NetworkConfig
from model.sampling.sampler import Sampler

CONFIG = NetworkConfig(3, (3,), (4,), 8)
HEADER = {
    "format": checkpoint.FORMAT,
    "preset": "tiny",
    "network": CONFIG.to_json(),
    "vocabulary": {"kind": "notes", "tokens": ["|", "C", "z"]},
    "facts": {"steps": 7},
}


def a_checkpoint() -> Checkpoint:
    torch.manual_seed(1)
    weights = Network(CONFIG).state_dict()
    vocabulary = Vocabulary("notes", ("|", "C", "z")).to_json()
    return Checkpoint("tiny", CONFIG.to_json(), vocabulary, {"steps": 7}, weights)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    checkpoint.write(tmp_path / "tiny.safetensors", a_checkpoint())
    return tmp_path / "tiny.safetensors"


def by_hand(path: Path, header: Any, **weights: torch.Tensor) -> Path:
    """A safetensors file as another program might write it: no digest."""
    path.write_bytes(save(weights or {"w": torch.zeros(2)}, metadata={"tunesmith": json.dumps(header)}))
    return path


def refusal(path: Path) -> str:
    with pytest.raises(CheckpointError) as caught:
        checkpoint.read(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_is_written_reads_back(path: Path) -> None:
    written, read = a_checkpoint(), checkpoint.read(path)
    assert (read.preset, read.vocabulary, read.facts) == (written.preset, written.vocabulary, written.facts)
    assert NetworkConfig.from_json(read.network) == CONFIG
    assert all(torch.equal(read.weights[name], written.weights[name]) for name in written.weights)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_half_precision_comes_back_as_float32(path: Path) -> None:
    full = path.stat().st_size
    checkpoint.write(path, a_checkpoint(), torch.float16)
    read = checkpoint.read(path)
    assert path.stat().st_size < full
    assert all(weight.dtype == torch.float32 for weight in read.weights.values())
    checkpoint.write(path, read, torch.float16)
    again = checkpoint.read(path)
    assert all(torch.equal(again.weights[name], weight) for name, weight in read.weights.items())


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_crash_while_writing_leaves_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    before = path.read_bytes()

    def power_cut(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, step, power_cut)
    with pytest.raises(KeyboardInterrupt):
        checkpoint.write(path, a_checkpoint(), torch.float16)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_a_target_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="cannot write"):
        checkpoint.write(tmp_path / "file" / "tiny.safetensors", a_checkpoint())
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="cannot write"):
        checkpoint.write(tmp_path / "folder", a_checkpoint())
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


def test_missing_and_unreadable_files(tmp_path: Path) -> None:
    assert "no checkpoint at" in refusal(tmp_path / "nothing")
    assert "cannot read checkpoint" in refusal(tmp_path)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 0.999])
def test_a_truncated_file_is_corrupt(path: Path, share: float) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert "is corrupt" in refusal(path)


@pytest.mark.parametrize("data", [b"", b"\0" * 64, b"\xff" * 64, b"PK\x03\x04" * 99, b"X:1\nK:D\nA|" * 9])
def test_other_files_are_no_checkpoints(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "other").write_bytes(data)
    assert "is corrupt or not a Tunesmith checkpoint" in refusal(tmp_path / "other")


@given(st.floats(0, 1, exclude_max=True), st.integers(0, 7))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_flipped_bit_is_noticed(path: Path, share: float, bit: int) -> None:
    data = bytearray(path.read_bytes())
    data[int(share * len(data))] ^= 1 << bit
    flipped = path.with_name("flipped")
    flipped.write_bytes(data)
    try:
        read = checkpoint.read(flipped)
    except CheckpointError:
        return
    whole = checkpoint.read(path)  # only the name of the digest itself can have been hit
    assert (read.network, read.vocabulary, read.facts) == (whole.network, whole.vocabulary, whole.facts)
    assert all(torch.equal(read.weights[name], whole.weights[name]) for name in whole.weights)


def test_a_newer_format_asks_for_an_upgrade(tmp_path: Path) -> None:
    assert "upgrade Tunesmith" in refusal(by_hand(tmp_path / "new", {**HEADER, "format": 99}))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(tmp_path: Path, value: float) -> None:
    assert "not finite numbers" in refusal(by_hand(tmp_path / "nan", HEADER, w=torch.tensor([1.0, value])))


@pytest.mark.parametrize(
    "header", [[], 5, "x", None, {}, {"format": 1}, {**HEADER, "network": []}, {**HEADER, "facts": 1}]
)
def test_headers_of_another_shape_are_refused(tmp_path: Path, header: Any) -> None:
    refusal(by_hand(tmp_path / "odd", header))


def test_a_header_without_a_preset_names_it(tmp_path: Path) -> None:
    assert "lacks 'preset'" in refusal(by_hand(tmp_path / "odd", {k: v for k, v in HEADER.items() if k != "preset"}))


@pytest.mark.parametrize(
    "change",
    [
        {"network": {}},
        {"network": {**CONFIG.to_json(), "hidden": 16}},
        {"network": {**CONFIG.to_json(), "colour": "red"}},
        {"vocabulary": {"kind": "notes"}},
        {"vocabulary": {"kind": "characters", "tokens": ["a"]}},
        {"vocabulary": {"kind": "words", "tokens": ["a"]}},
        {"network": {**CONFIG.to_json(), "inputs": ["colour"]}},
        {"network": {**CONFIG.to_json(), "inputs": ["position"]}},
    ],
)
def test_a_checkpoint_that_cannot_compose_is_refused_in_one_line(tmp_path: Path, change: dict[str, Any]) -> None:
    path = by_hand(tmp_path / "odd", {**HEADER, **change}, **a_checkpoint().weights)
    with pytest.raises(CheckpointError) as caught:
        Sampler(checkpoint.read(path))
    assert "\n" not in str(caught.value)


def test_the_digest_of_a_file(path: Path) -> None:
    assert checkpoint.sha256(path) == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(("share", "weight", "count"), [(0.0, 1.0, 10.0), (0.25, 1.5, 12.5), (1.0, 3.0, 20.0)])
def test_a_checkpoint_is_interpolated_in_weights_and_plans(share: float, weight: float, count: float) -> None:
    base, tuned = (
        Checkpoint(name, {}, {}, {"plans": [["", 1, [[[2], n]]]]}, {"w": torch.full((2,), w)})
        for name, n, w in (("base", 10.0, 1.0), ("tuned", 20.0, 3.0))
    )
    between = checkpoint.interpolated(base, tuned, share)
    assert between.weights["w"].tolist() == [weight] * 2
    assert between.facts["plans"] == [["", 1, [[[2], count]]]]
