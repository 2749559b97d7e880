"""Matrix products in int8 with exact sums.

An exact sum is the same in any order, so a row's product depends neither on the rows beside it nor on the processor.
Each machine uses the fastest of the methods that are exact on it. No library does this for us: the quantised products
of torch and oneDNN saturate their sums on processors without VNNI.
"""

import math
import time
from collections.abc import Callable
from contextlib import suppress

import torch
from torch import Tensor
from torch.nn import functional as F

from model.network.kernels import ONE

EXACT = 2**24  # whole numbers up to it are exact in float32
_TRIALS = (1, 16, 64, 256)  # rows that a method is timed with
_HOPELESS = 20  # times the seconds of the best: such a method is not timed further
Multiply = Callable[[Tensor], Tensor]


class Product:
    """Multiplies int8 x [rows, width] into whole numbers [rows, out], int32 or float32.

    Times `scale` [out] they are about x / 127 @ weight.T. `count` is the number of weights, `method` the one used.
    """

    def __init__(self, weight: Tensor, device: torch.device) -> None:
        """`weight` [out, width] is rounded to whole multiples of 127 `scale`, from -127 to 127 of them.

        No row's sum can exceed EXACT then.
        """
        weight = weight.cpu().float()
        total = weight.abs().sum(1, dtype=torch.float64) * ONE / (EXACT - ONE * weight.shape[1])
        scale = torch.maximum(weight.abs().amax(1) / ONE, total.float()).clamp(min=torch.finfo(torch.float32).tiny)
        self.scale = (scale / ONE).to(device)
        whole = (weight / scale[:, None]).round().to(device, torch.int8)
        self.count = whole.numel()
        self.method, self._multiply = _fastest(whole)

    def __call__(self, x: Tensor) -> Tensor:
        return self._multiply(x)


def _fastest(whole: Tensor) -> tuple[str, Multiply]:
    """The name of the fastest method to multiply with `whole` that gives what float64 does, and the product."""
    random = torch.Generator().manual_seed(0)
    xs = [torch.randint(-ONE, ONE + 1, (rows, whole.shape[1]), generator=random, dtype=torch.int8) for rows in _TRIALS]
    for x in xs:
        x[-1] = ONE if len(x) > 1 else x[-1]
    xs = [x.to(whole.device) for x in (torch.full_like(xs[0], ONE), *xs)]
    wide = whole.double().T
    wanted = [x.double() @ wide for x in xs]
    name, best, least = "", _by_float32(whole), [math.inf] * len(xs)
    for tried, prepare in _METHODS[whole.device.type].items():
        with suppress(RuntimeError, AttributeError):  # not every processor, size and build of torch has each method
            multiply, spent = prepare(whole), list[float]()
            for x, one, other in zip(xs, wanted, least, strict=True):
                if not torch.equal(multiply(x).double(), one):
                    break
                spent.append(_seconds(multiply, x))
                if spent[-1] > _HOPELESS * other:
                    break
            if len(spent) == len(xs) and sum(spent) < sum(least):
                name, best, least = tried, multiply, spent
    return name, best


def _seconds(multiply: Multiply, x: Tensor) -> float:
    """The best of three."""
    spent = []
    for _ in range(3):
        began = time.perf_counter()
        multiply(x)
        if x.device.type == "cuda":
            torch.cuda.synchronize()
        spent.append(time.perf_counter() - began)
    return min(spent)


def _by_float32(whole: Tensor) -> Multiply:
    weight = whole.float().T.contiguous()
    return lambda x: x.float() @ weight


def _by_int8(whole: Tensor) -> Multiply:
    weight = whole.T
    return lambda x: torch._int_mm(x, weight)


def _by_padded_int8(whole: Tensor) -> Multiply:
    """cuBLAS takes at least 17 rows, and multiples of 8 of all sizes."""
    out = whole.shape[0]
    weight = F.pad(whole, (0, 0, 0, -out % 8)).T

    def multiply(x: Tensor) -> Tensor:
        rows = len(x)
        return torch._int_mm(F.pad(x, (0, 0, 0, max(32 - rows, -rows % 8))), weight)[:rows, :out]

    return multiply


def _by_packed_int8(whole: Tensor) -> Multiply:
    """oneDNN's product, with weights packed once."""
    ops, out = torch.ops.onednn, whole.shape[0]
    packed, ones, zeros = ops.qlinear_prepack(whole, None), torch.ones(out), torch.zeros(out, dtype=torch.int64)

    def multiply(x: Tensor) -> Tensor:
        product: Tensor = ops.qlinear_pointwise(
            *(x, 1.0, 0, packed, ones, zeros, None, 1.0, 0, torch.float32, "none", [], "")
        )
        return product

    return multiply


_METHODS: dict[str, dict[str, Callable[[Tensor], Multiply]]] = {
    "cpu": {"float32": _by_float32, "int8": _by_int8, "packed int8": _by_packed_int8},
    "cuda": {"float32": _by_float32, "int8": _by_padded_int8},
}
