"""Checkpoints: weights, network config, vocabulary and training facts in one safetensors file.

A checkpoint is a safetensors file whose metadata holds `tunesmith`, a JSON object with `format` (int), `preset`,
`network` (the NetworkConfig), `vocabulary` and `facts`, and `sha256`, a digest of that and of the tensors. Nothing is
ever unpickled.
"""

import hashlib
import json
import struct
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save

from model.encoding.part_plan import Plans
from model.errors import CheckpointError
from model.files import write_atomically

FORMAT = 1
SHIPPED = Path(__file__).parents[1] / "checkpoints" / "trad.safetensors"


@dataclass(frozen=True)
class Checkpoint:
    """A loaded checkpoint. `weights` are on the CPU, floating-point ones float32."""

    preset: str
    network: dict[str, Any]
    vocabulary: dict[str, Any]
    facts: dict[str, Any]
    weights: dict[str, torch.Tensor]


def write(path: Path, checkpoint: Checkpoint, dtype: torch.dtype | None = None) -> None:
    """Writes `checkpoint` to `path` atomically; floating-point weights are cast to `dtype` where one is given.

    Raises InputError where the file cannot be written.
    """
    header = {
        "format": FORMAT,
        "preset": checkpoint.preset,
        "network": checkpoint.network,
        "vocabulary": checkpoint.vocabulary,
        "facts": checkpoint.facts,
    }
    weights = {
        name: (tensor.to(dtype) if dtype and tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in checkpoint.weights.items()
    }
    metadata = {"tunesmith": json.dumps(header)}
    metadata["sha256"] = _digest(save(weights, metadata=metadata))
    write_atomically(path, save(weights, metadata=metadata))


def interpolated(base: Checkpoint, tuned: Checkpoint, share: float) -> Checkpoint:
    """`tuned`, with weights and plans `share` of the way to its own from those of `base`, which it was tuned from."""
    weights = {
        name: torch.lerp(base.weights[name].float(), weight.float(), share).to(weight.dtype)
        for name, weight in tuned.weights.items()
    }
    plans = Plans.from_facts(base.facts).towards(Plans.from_facts(tuned.facts), share)
    return replace(tuned, weights=weights, facts={**tuned.facts, "plans": plans.to_json()})


def read(path: Path, sha256: str = "") -> Checkpoint:
    """The checkpoint in the file `path`. Raises CheckpointError with one line that says what is wrong.

    With `sha256`, a file that has another digest is refused.
    """
    header, weights = read_tensors(path, sha256)
    if header.get("format") != FORMAT:
        raise CheckpointError(
            f"checkpoint {path} has format {header.get('format')!r}, this release reads {FORMAT}: upgrade Tunesmith"
        )
    if not all(isinstance(header.get(name), dict) for name in ("network", "vocabulary", "facts")):
        raise CheckpointError(f"checkpoint {path} lacks its network, vocabulary or facts")
    try:
        return Checkpoint(
            preset=header["preset"],
            network=header["network"],
            vocabulary=header["vocabulary"],
            facts=header["facts"],
            weights={name: w.float() if w.is_floating_point() else w for name, w in weights.items()},
        )
    except KeyError as error:
        raise CheckpointError(f"checkpoint {path} lacks {error} in its header") from error


def read_tensors(path: Path, sha256: str = "") -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """The JSON header and the tensors of a checkpoint or a trainer's resume file. Raises CheckpointError, as `read`."""
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise CheckpointError(f"no checkpoint at {path}") from error
    except OSError as error:
        raise CheckpointError(f"cannot read checkpoint {path}: {error.strerror}") from error
    if sha256 and hashlib.sha256(data).hexdigest() != sha256:
        raise CheckpointError(f"checkpoint {path} is not the file that was registered: its hash differs")
    try:
        weights = load(data)
        metadata = _table(data)["__metadata__"]
        header = dict(json.loads(metadata["tunesmith"]))
        if (
            metadata.get("sha256", digest := _digest(data)) != digest
        ):  # resume files and the oldest checkpoints have none
            raise ValueError("the digest differs")
    except Exception as error:  # safetensors raises its own untyped errors
        raise CheckpointError(f"checkpoint {path} is corrupt or not a Tunesmith checkpoint") from error
    if not all(bool(torch.isfinite(w).all()) for w in weights.values() if w.is_floating_point()):
        raise CheckpointError(f"checkpoint {path} holds weights that are not finite numbers")
    return header, weights


def _table(data: bytes) -> dict[str, Any]:
    # safetensors' Python reader exposes metadata only for files on disk; the layout is 8 bytes of length, then JSON
    (length,) = struct.unpack("<Q", data[:8])
    table: dict[str, Any] = json.loads(data[8 : 8 + length])
    return table


def _digest(data: bytes) -> str:
    """SHA-256 of a safetensors file's header, without the digest that is kept in it, and of its tensors."""
    table = _table(data)
    header = json.dumps({**table, "__metadata__": table["__metadata__"]["tunesmith"]}, sort_keys=True)
    (length,) = struct.unpack("<Q", data[:8])
    return hashlib.sha256(header.encode() + data[8 + length :]).hexdigest()


def sha256(path: Path) -> str:
    """Hex digest of the file at `path`."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
