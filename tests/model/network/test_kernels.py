import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from model.network import kernels


def test_a_step_of_a_layer_is_that_of_an_lstm() -> None:
    random = np.random.default_rng(0)
    gates = random.normal(0, 6, (9, 64)).astype(np.float32)
    h, c = np.zeros((9, 16), np.float32), random.normal(0, 2, (9, 16)).astype(np.float32)
    i, f, g, o = torch.from_numpy(gates).double().chunk(4, dim=1)
    wanted = f.sigmoid() * torch.from_numpy(c) + i.sigmoid() * g.tanh()
    table, looked_up = np.concatenate([np.ones((2, 64)), np.zeros((1, 64))]).astype(np.float32), np.zeros((9, 5), int)
    scale = np.full(64, 0.5, np.float32)
    kernels.update_state((gates - 2.5) * 2, scale, table, np.float32(0.5), looked_up, h, c)
    assert np.allclose(c, wanted, atol=2e-6)
    assert np.allclose(h, o.sigmoid() * wanted.tanh(), atol=1e-6)
    assert np.abs(h).max() <= 1


def test_a_function_that_cannot_be_cached_is_compiled() -> None:
    names: dict[str, Callable[[int], int]] = {}
    exec(compile("def twice(x): return 2 * x", "<nowhere>", "exec"), names)
    assert kernels.compiled(names["twice"])(4) == 8


def test_a_cache_that_is_cut_off_or_on_a_full_disk_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = "import numpy as np; from model.network.kernels import quantise; "
    program += "x = np.zeros((1, 2), np.int8); quantise(np.ones((1, 2), np.float32), x); print(x.tolist())"
    full = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)); "
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))

    def printed(before: str = "") -> str:
        return subprocess.run(
            [sys.executable, "-c", before + program], capture_output=True, text=True, check=True
        ).stdout

    assert printed(full) == printed() == "[[127, 127]]\n"
    cached = [path for path in tmp_path.rglob("*.nb?") if path.stat().st_size]
    assert {path.suffix for path in cached} == {".nbi", ".nbc"}
    for suffix in (".nbc", ".nbi"):
        for path in cached:
            if path.suffix == suffix:
                path.write_bytes(b"")
        assert printed() == "[[127, 127]]\n"


def test_numbers_between_minus_one_and_one_are_rounded_to_the_nearest_127th() -> None:
    h = np.array([[-1, -0.5, 0, 1 / 254 + 0.001, 0.999, 1]], np.float32)
    whole = np.zeros(h.shape, np.int8)
    kernels.quantise(h, whole)
    assert np.array_equal(whole, [[-127, -64, 0, 1, 127, 127]])


def test_a_gate_adds_to_the_logit_of_the_token_it_copies() -> None:
    products = np.array([[10, 20, 30, 5, 7], [10, 20, 30, 5, 7]], np.int32)
    scale, bias = np.full(5, 0.5, np.float32), np.array([1, 1, 1, 2, 4], np.float32)
    inputs = np.array([[9, 3, 0], [9, 1, 1]])  # tokens 2 and none; token 0 twice
    logits = np.empty((2, 3), np.float32)
    kernels.output_logits(products, scale, bias, inputs, np.array([1, 2]), logits)
    assert logits.tolist() == [[6, 11, 16 + 4.5], [6 + 4.5 + 7.5, 11, 16]]
