import time

import pytest
import torch
from torch import Tensor

from model.network import int8_matmul
from model.network.int8_matmul import Product

CPU = torch.device("cpu")


@pytest.mark.parametrize("width", [16, 512, 2048])
def test_products_are_whole_and_near_those_of_the_weights(width: int) -> None:
    weight = torch.randn(60, width, generator=torch.Generator().manual_seed(1))
    weight[0], weight[1], weight[2] = 0, 1, -1  # zeros, and sums as large as they can be
    product = Product(weight, CPU)
    x = torch.randint(-127, 128, (70, width), dtype=torch.int8)
    x[0] = 127
    found = product(x).double()
    assert torch.equal(found, found.round())
    assert found.abs().max() <= int8_matmul.EXACT
    near = found * product.scale
    assert torch.allclose(near, (x / 127).double() @ weight.double().T, atol=0.02 * width**0.5, rtol=0.01)


def test_a_method_that_is_not_exact_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def saturating(whole: Tensor) -> int8_matmul.Multiply:
        return lambda x: torch._int_mm(x, whole.T).clamp(max=2**15 - 1)

    def absent(whole: Tensor) -> int8_matmul.Multiply:
        raise RuntimeError("this processor lacks the instructions")

    methods = {"float32": int8_matmul._by_float32, "saturating": saturating, "absent": absent}
    monkeypatch.setitem(int8_matmul._METHODS, "cpu", methods)
    assert Product(torch.ones(300, 512), CPU).method == "float32"


def test_a_hopelessly_slow_method_is_not_timed_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[int] = []

    def slow(whole: Tensor) -> int8_matmul.Multiply:
        def multiply(x: Tensor) -> Tensor:
            rows.append(len(x))
            time.sleep(0.02)
            return x.float() @ whole.float().T

        return multiply

    methods = {"float32": int8_matmul._by_float32, "slow": slow, "int8": int8_matmul._by_int8}
    monkeypatch.setitem(int8_matmul._METHODS, "cpu", methods)
    assert Product(torch.ones(300, 512), CPU).method in ("float32", "int8")
    assert set(rows) == {1}


@pytest.mark.parametrize("rows", [1, 31, 32, 100])
def test_every_method_gives_the_same_sums(rows: int) -> None:
    whole = torch.randint(-127, 128, (83, 64), dtype=torch.int8)
    x = torch.randint(-127, 128, (rows, 64), dtype=torch.int8)
    wanted = (x.long() @ whole.long().T).double()
    for methods in int8_matmul._METHODS.values():
        for name, prepare in methods.items():
            assert torch.equal(prepare(whole)(x).double(), wanted), name
