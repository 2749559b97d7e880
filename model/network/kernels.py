"""The parts of an LSTM's step beside its matrix products, compiled for a CPU by Numba.

Each function goes through its rows one by one, in an order of operations that is the same on every processor, so a
row's numbers depend neither on the rows beside it nor on the machine. Results are written into the last arguments.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit

log = logging.getLogger(__name__)

ONE = 127  # the int8 number that stands for 1
Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """`function`, compiled at its first call; machine code is cached on the disk where that can be written.

    Without fastmath, which would change the order of sums.
    """
    options = {"nogil": True, "error_model": "numpy"}
    try:
        dispatcher = njit(cache=True, **options)(function)
    except RuntimeError:  # neither this folder nor the user's cache can be written
        return cast(Function, njit(**options)(function))
    cache = dispatcher._cache  # its files may be cut off, and the disk full: then the function is compiled again
    cache.load_overload = _or_none(cache.load_overload, lambda: None)
    cache.save_overload = _or_none(cache.save_overload, cache.flush)
    return cast(Function, dispatcher)


def _or_none(method: Callable[..., Any], undo: Callable[[], object]) -> Callable[..., Any]:
    """`method`, but None after `undo` where it fails."""

    def attempt(*arguments: Any) -> Any:
        try:
            return method(*arguments)
        except Exception as error:
            log.warning("the cache of compiled functions cannot be read or written: %s", error)
            with suppress(Exception):
                undo()
            return None

    return attempt


_F = np.float32
_HALF = _F(0.5)
# tanh as a quotient of polynomials, good to a few units in the last place: those of Eigen's ptanh_float
# (Eigen/src/Core/MathFunctionsImpl.h). Beyond _FLAT it is 1 in float32.
_FLAT = _F(7.90531110763549805)
_P0, _P1, _P2 = _F(4.89352455891786e-03), _F(6.37261928875436e-04), _F(1.48572235717979e-05)
_P3, _P4, _P5 = _F(5.12229709037114e-08), _F(-8.60467152213735e-11), _F(2.00018790482477e-13)
_P6 = _F(-2.76076847742355e-16)
_Q0, _Q1, _Q2 = _F(4.89352518554385e-03), _F(2.26843463243900e-03), _F(1.18534705686654e-04)
_Q3 = _F(1.19825839466702e-06)


@compiled
def _tanh(x: Any) -> Any:
    """tanh(x) as a numerator and a denominator, so that several can share one division."""
    x = min(max(x, -_FLAT), _FLAT)
    s = x * x
    p = ((((((_P6 * s + _P5) * s + _P4) * s + _P3) * s + _P2) * s + _P1) * s + _P0) * x
    q = ((_Q3 * s + _Q2) * s + _Q1) * s + _Q0
    return p, q


@compiled
def quantise(h: Any, whole: Any) -> None:
    """`h` [rows, hidden], between -1 and 1, as whole numbers from -ONE to ONE: `whole` [rows, hidden] int8."""
    for row in range(h.shape[0]):
        own, rounded = h[row], whole[row]
        for j in range(h.shape[1]):
            rounded[j] = np.int8(np.rint(own[j] * _F(ONE)))


@compiled
def update_state(products: Any, scale: Any, table: Any, unit: Any, looked_up: Any, h: Any, c: Any) -> None:
    """One step of a layer: `h` and `c` [rows, hidden] from gates in torch's order i, f, g, o.

    Gates are `products` [rows, 4 hidden] times `scale` [4 hidden], plus `unit` times the sum of the rows of `table`
    [_, 4 hidden] whose numbers are `looked_up` [rows, n].
    """
    rows, size = h.shape
    gates = np.empty(4 * size, np.float32)
    for row in range(rows):
        gates[:] = 0
        _look_up(table, looked_up[row], gates)
        own = products[row]
        for j in range(4 * size):
            gates[j] = gates[j] * unit + _F(own[j]) * scale[j]
        _update_cell(gates, h[row], c[row])


@compiled
def _look_up(table: Any, numbers: Any, total: Any) -> None:
    """Adds rows of `table` to `total`, four at once, so that it is read and written less often."""
    for k in range(0, len(numbers) - 3, 4):
        t0, t1, t2, t3 = table[numbers[k]], table[numbers[k + 1]], table[numbers[k + 2]], table[numbers[k + 3]]
        for j in range(len(total)):
            total[j] += (_F(t0[j]) + _F(t1[j])) + (_F(t2[j]) + _F(t3[j]))
    for k in range(len(numbers) // 4 * 4, len(numbers)):
        t0 = table[numbers[k]]
        for j in range(len(total)):
            total[j] += _F(t0[j])


@compiled
def _update_cell(gates: Any, h: Any, c: Any) -> None:
    """`h` and `c` [hidden] of one row from its `gates` [4 hidden]."""
    size = len(h)
    for j in range(size):
        pi, qi = _tanh(gates[j] * _HALF)
        pf, qf = _tanh(gates[size + j] * _HALF)
        pg, qg = _tanh(gates[2 * size + j])
        po, qo = _tanh(gates[3 * size + j] * _HALF)
        pi, pf, po = pi + qi, pf + qf, po + qo  # sigmoid(x) = (1 + tanh(x / 2)) / 2
        both = qi * qg
        new = _HALF * (c[j] * pf * both + pi * pg * qf) / (qf * both)
        pc, qc = _tanh(new)
        c[j] = new
        h[j] = _HALF * (po * pc) / (qo * qc)


@compiled
def output_logits(products: Any, scale: Any, bias: Any, inputs: Any, copied: Any, logits: Any) -> None:
    """`logits` [rows, vocabulary] from the output's `products` [rows, vocabulary + gates], times `scale`, plus `bias`.

    Gate i is added to the logit of the token whose id plus one is in column `copied[i]` of `inputs`; see
    lstm.with_copies.
    """
    size = logits.shape[1]
    for row in range(len(logits)):
        own, logit = products[row], logits[row]
        for j in range(size):
            logit[j] = _F(own[j]) * scale[j] + bias[j]
        for k in range(len(copied)):
            token = inputs[row, copied[k]] - 1
            if token >= 0:
                logit[token] += _F(own[size + k]) * scale[size + k] + bias[size + k]
