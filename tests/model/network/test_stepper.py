import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from model.network import int8_matmul, kernels
from model.network.int8_matmul import Product
from model.network.lstm import Network, NetworkConfig
from model.network.precision import best_dtype
from model.network.stepper import Stepper

CPU = torch.device("cpu")


def test_a_row_is_multiplied_alike_in_any_batch() -> None:
    stepper = Stepper(Network(NetworkConfig(50, (50,), (16,), 512, 2)).eval(), CPU)
    ids, states = torch.randint(50, (1100, 1)), stepper.zeros(1100).uniform_(-1, 1)
    with torch.inference_mode():
        whole = stepper.step(ids, states.clone())
        for rows in (1, 2, 3, 7, 8, 31, 32, 40, 100, 256, 511, 512, 520, 1024):
            assert torch.equal(stepper.step(ids[:rows], states[:, :, :rows].clone()), whole[:rows]), rows
            other = torch.randperm(1100)[:rows]
            assert torch.equal(stepper.step(ids[other], states[:, :, other]), whole[other]), rows


@pytest.mark.parametrize("width", [16, 512, 2048])
def test_products_are_sums_of_whole_numbers_near_the_weights(width: int) -> None:
    weight = torch.randn(60, width, generator=torch.Generator().manual_seed(1))
    weight[0], weight[1], weight[2] = 0, 1, -1  # nothing, and sums as large as they can be
    product = Product(weight, CPU)
    x = torch.randint(-127, 128, (70, width), dtype=torch.int8)
    x[0] = 127
    found = product(x).double()
    assert torch.equal(found, found.round())
    assert found.abs().max() <= int8_matmul.EXACT
    near = found * product.scale
    assert torch.allclose(near, (x / 127).double() @ weight.double().T, atol=0.02 * width**0.5, rtol=0.01)


def test_a_way_to_multiply_that_is_not_exact_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    def saturating(whole: Tensor) -> int8_matmul.Way:
        return lambda x: torch._int_mm(x, whole.T).clamp(max=2**15 - 1)

    def absent(whole: Tensor) -> int8_matmul.Way:
        raise RuntimeError("this processor has no such thing")

    ways = {"float32": int8_matmul._by_float32, "saturating": saturating, "absent": absent}
    monkeypatch.setitem(int8_matmul._WAYS, "cpu", ways)
    assert Product(torch.ones(300, 512), CPU).way == "float32"


def test_nor_is_one_that_is_hopelessly_slow_tried_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def slow(whole: Tensor) -> int8_matmul.Way:
        def way(x: Tensor) -> Tensor:
            asked.append(len(x))
            time.sleep(0.02)
            return x.float() @ whole.float().T

        return way

    ways = {"float32": int8_matmul._by_float32, "slow": slow, "int8": int8_matmul._by_int8}
    monkeypatch.setitem(int8_matmul._WAYS, "cpu", ways)
    assert Product(torch.ones(300, 512), CPU).way in ("float32", "int8")
    assert set(asked) == {1}


@pytest.mark.parametrize("rows", [1, 31, 32, 100])
def test_every_way_gives_the_same_sums(rows: int) -> None:
    whole = torch.randint(-127, 128, (83, 64), dtype=torch.int8)
    x = torch.randint(-127, 128, (rows, 64), dtype=torch.int8)
    wanted = (x.long() @ whole.long().T).double()
    for ways in int8_matmul._WAYS.values():
        for name, prepare in ways.items():
            assert torch.equal(prepare(whole)(x).double(), wanted), name


def test_the_compiled_cell_is_an_lstm_cell() -> None:
    random = np.random.default_rng(0)
    gates = random.normal(0, 6, (9, 64)).astype(np.float32)
    h, c = np.zeros((9, 16), np.float32), random.normal(0, 2, (9, 16)).astype(np.float32)
    i, f, g, o = torch.from_numpy(gates).double().chunk(4, dim=1)
    wanted = f.sigmoid() * torch.from_numpy(c) + i.sigmoid() * g.tanh()
    table, looked_up = np.concatenate([np.ones((2, 64)), np.zeros((1, 64))]).astype(np.float32), np.zeros((9, 5), int)
    scale = np.full(64, 0.5, np.float32)
    kernels.advance((gates - 2.5) * 2, scale, table, np.float32(0.5), looked_up, h, c)
    assert np.allclose(c, wanted, atol=2e-6)
    assert np.allclose(h, o.sigmoid() * wanted.tanh(), atol=1e-6)
    assert np.abs(h).max() <= 1


def test_what_cannot_be_kept_on_the_disk_is_compiled_all_the_same() -> None:
    names: dict[str, Callable[[int], int]] = {}
    exec(compile("def twice(x): return 2 * x", "<nowhere>", "exec"), names)
    assert kernels.compiled(names["twice"])(4) == 8


def test_what_is_kept_may_be_cut_off_and_the_disk_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = "import numpy as np; from model.network.kernels import quantise; "
    program += "x = np.zeros((1, 2), np.int8); quantise(np.ones((1, 2), np.float32), x); print(x.tolist())"
    full = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)); "
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))

    def printed(before: str = "") -> str:
        return subprocess.run(
            [sys.executable, "-c", before + program], capture_output=True, text=True, check=True
        ).stdout

    assert printed(full) == printed() == "[[127, 127]]\n"
    kept = [path for path in tmp_path.rglob("*.nb?") if path.stat().st_size]
    assert {path.suffix for path in kept} == {".nbi", ".nbc"}
    for suffix in (".nbc", ".nbi"):
        for path in kept:
            if path.suffix == suffix:
                path.write_bytes(b"")
        assert printed() == "[[127, 127]]\n"


def test_training_is_in_what_the_hardware_multiplies() -> None:
    assert best_dtype(CPU) in (torch.float32, torch.bfloat16)
