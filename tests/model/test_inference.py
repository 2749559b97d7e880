import pytest
import torch

from model.inference import COMMON, COUNTS, Stepper, _Product, best_dtype
from model.network import Network, NetworkConfig

CPU = torch.device("cpu")
DTYPES = sorted({torch.float32, best_dtype(CPU)}, key=str)


def test_half_precision_stays_near_the_network() -> None:
    torch.manual_seed(0)
    network = Network(NetworkConfig(50, (50,), (16,), 64, 2)).eval()
    half, whole = Stepper(network, CPU, torch.bfloat16), Stepper(network, CPU)
    states = half.zeros(8), whole.zeros(8)
    with torch.inference_mode():
        for _ in range(20):
            ids = torch.randint(50, (8, 1))
            got, wanted = half.step(ids, states[0]), whole.step(ids, states[1])
        assert torch.allclose(got, wanted, atol=0.02)
    assert best_dtype(CPU) in (torch.float32, torch.bfloat16)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_a_row_is_multiplied_alike_in_any_batch(dtype: torch.dtype) -> None:
    stepper = Stepper(Network(NetworkConfig(50, (50,), (16,), 512, 2)).eval(), CPU, dtype)
    ids, states = torch.randint(50, (1100, 1)), stepper.zeros(1100).normal_()
    with torch.inference_mode():
        whole = stepper.step(ids, states.clone())
        for rows in (1, 2, 3, 7, 8, 31, 32, 40, 100, 256, 511, 512, 520, 1024):
            assert torch.equal(stepper.step(ids[:rows], states[:, :, :rows].clone()), whole[:rows]), rows
            other = torch.randperm(1100)[:rows]
            assert torch.equal(stepper.step(ids[other], states[:, :, other]), whole[other]), rows


def test_only_numbers_of_rows_that_agree_are_multiplied_at_once() -> None:
    weight, bias = torch.randn(6, 4), torch.randn(6)

    class Machine(_Product):
        """Sums in another order below 4 rows, and for 128 and 512."""

        def _multiply(self, x: torch.Tensor) -> torch.Tensor:
            asked.append(len(x))
            return super()._multiply(x) + (1e-3 if len(x) < 4 or len(x) in (128, 512) else 0)

    asked: list[int] = []
    product = Machine(weight, bias)
    assert product.counts == [rows for rows in COUNTS["cpu"] if rows >= 4 and rows not in (128, 512)]
    x = torch.randn(700, 4)
    for rows, parts in {
        1: [4],
        4: [4],
        5: [8],
        33: [64],
        COMMON: [64],
        65: [64, 4],
        300: [256, 64],
        700: [256, 256, 64, 64, 64],
    }.items():
        asked.clear()
        assert torch.allclose(product(x[:rows]), x[:rows] @ weight.T + bias, atol=1e-5)
        assert asked == parts
