"""Checkpoints: weights, network config, vocabulary and training facts in one safetensors file.

A checkpoint is a safetensors file whose metadata holds one key, `tunesmith`: a JSON object with `format` (int),
`preset`, `network` (the NetworkConfig), `vocabulary` and `facts`. Nothing is ever unpickled.
"""

import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save

from model.errors import CheckpointError
from model.files import write_atomically as write_atomically

FORMAT = 1
SHIPPED = Path(__file__).parent / "checkpoints" / "trad.safetensors"


@dataclass(frozen=True)
class Checkpoint:
    """A loaded checkpoint. `weights` are on the CPU, float32 unless the file was read with `as_stored`."""

    preset: str
    network: dict[str, Any]
    vocabulary: dict[str, Any]
    facts: dict[str, Any]
    weights: dict[str, torch.Tensor]


def write(path: Path, checkpoint: Checkpoint, dtype: torch.dtype | None = None) -> None:
    """Write `checkpoint` to `path` atomically; floating-point weights are cast to `dtype` where one is given."""
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
    write_atomically(path, save(weights, metadata={"tunesmith": json.dumps(header)}))


def read(path: Path) -> Checkpoint:
    """Read a checkpoint; weights come back as float32. Raises CheckpointError with one line that says what is wrong."""
    header, weights = read_tensors(path)
    if header.get("format") != FORMAT:
        raise CheckpointError(
            f"checkpoint {path} has format {header.get('format')!r}, this release reads {FORMAT}: upgrade Tunesmith"
        )
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


def read_tensors(path: Path) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """The JSON header and the tensors of any safetensors file of ours."""
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise CheckpointError(f"no checkpoint at {path}") from error
    except OSError as error:
        raise CheckpointError(f"cannot read checkpoint {path}: {error.strerror}") from error
    try:
        weights = load(data)
        header = json.loads(_metadata(data)["tunesmith"])
    except Exception as error:  # safetensors raises its own untyped errors
        raise CheckpointError(f"checkpoint {path} is corrupt or not a Tunesmith checkpoint") from error
    if not all(bool(torch.isfinite(w).all()) for w in weights.values() if w.is_floating_point()):
        raise CheckpointError(f"checkpoint {path} holds weights that are not finite numbers")
    return header, weights


def _metadata(data: bytes) -> Mapping[str, str]:
    # safetensors' Python reader exposes metadata only for files on disk; the layout is 8 bytes of length, then JSON.
    (length,) = struct.unpack("<Q", data[:8])
    metadata: Mapping[str, str] = json.loads(data[8 : 8 + length])["__metadata__"]
    return metadata


def sha256(path: Path) -> str:
    """Hex digest of the file at `path`."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
