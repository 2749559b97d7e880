"""The decoder's step around the network's, compiled for a CPU by Numba: what torch's operations say in model.sampling.decoder.

Row by row: what the network is to see of each tune, and then which token it goes on with.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.network.kernels import compiled

FREE = -1  # no token is given here
# What is added to the logit of a note that fills the rest of a bar that has to end on the tonic. Real tunes rest there;
# composed ones have strayed a little by then, and would play on to the last eighth too often.
CADENCE = 1.5
TRIES = 5  # at a bar that has to end on the tonic, before it is made to

# Numba keeps compiled functions on disk, and looks at their own file alone to see whether they changed: so what is set
# in another file is passed in, and not imported.
_F = np.float32
_LOG2E = _F(1.4426950408889634)
_SMALLEST = _F(-126)  # exponent of 2 that float32 has
# 2^r for -1/2 <= r <= 1/2: ln(2)^k / k!
_E1, _E2, _E3 = _F(0.6931471805599453), _F(0.24022650695910072), _F(0.05550410866482158)
_E4, _E5, _E6 = _F(0.009618129107628477), _F(0.0013333558146428443), _F(0.00015403530393381608)
_HALF, _ONE, _BIAS, _MANTISSA = _F(0.5), _F(1), np.int32(127), np.int32(23)


class TableArrays(NamedTuple):
    """The tables of grammars, see model.sampling.decoder._Tables."""

    masks: NDArray[np.bool_]
    rows: NDArray[Any]
    closing: NDArray[np.bool_]
    tonic: NDArray[np.bool_]
    after: NDArray[Any]
    limit: NDArray[Any]
    entry: NDArray[Any]
    place: NDArray[Any]
    part: NDArray[Any]
    bar_start: NDArray[Any]
    planned: NDArray[Any]
    ticks: NDArray[Any]
    column: NDArray[Any]
    music: NDArray[np.bool_]
    ended: NDArray[np.bool_]
    given: NDArray[Any]


class RowArrays(NamedTuple):
    """What is known of each tune, see model.sampling.decoder.Decoder: all but the states [rows, ...]."""

    node: NDArray[Any]
    position: NDArray[Any]
    taken: NDArray[Any]
    in_bar: NDArray[Any]
    drawn: NDArray[Any]
    tries: NDArray[Any]
    ids: NDArray[Any]
    seen: NDArray[Any]
    seen_before: NDArray[Any]
    runs: NDArray[Any]
    runs_before: NDArray[Any]
    state: NDArray[Any]
    state_before: NDArray[Any]
    uniform: NDArray[Any]
    temperature: NDArray[Any]
    prefix: NDArray[Any]
    bars: NDArray[Any]
    plan: NDArray[Any]


@compiled
def _exp(x: Any) -> Any:
    """e^x for x <= 0 in float32, good to a few units in the last place; 0 where it is below 2^-126."""
    y = x * _LOG2E
    near = max(y, _SMALLEST)
    whole = np.floor(near + _HALF)
    r = near - whole
    p = (((((_E6 * r + _E5) * r + _E4) * r + _E3) * r + _E2) * r + _E1) * r + _ONE
    power = np.int32((np.int32(whole) + _BIAS) << _MANTISSA).view(np.float32)
    return p * power if y >= _SMALLEST else _F(0)


@compiled
def pick(logits: Any, mask: Any, temperature: Any, uniform: Any, weights: Any) -> int:
    """The id at `uniform` in [0, 1) of the CDF of softmax(logits / temperature) over what `mask` allows.

    `weights` is room for as many numbers as there are logits.
    """
    most = _F(-np.inf)
    for v in range(len(logits)):
        most = max(most, logits[v] if mask[v] else _F(-np.inf))
    for v in range(len(logits)):
        weights[v] = _exp((min(logits[v], most) - most) / temperature) if mask[v] else _F(0)
    total = 0.0
    for v in range(len(logits)):
        total += weights[v]
    aim, before, last = uniform * total, 0.0, 0
    for v in range(len(logits)):
        if weights[v] > 0:
            before, last = before + weights[v], v
            if before > aim:
                break
    return last


@compiled
def choose(logits: Any, masks: Any, temperature: Any, uniform: Any, chosen: Any) -> None:
    """`pick` for every row: `chosen` [rows] from logits and masks [rows, ids], temperature and uniform [rows, 1]."""
    weights = np.empty(logits.shape[1], np.float32)
    for row in range(len(chosen)):
        chosen[row] = pick(logits[row], masks[row], temperature[row, 0], uniform[row, 0], weights)


@compiled
def look(tables: TableArrays, rows: RowArrays, back: Any, wanted: Any, inputs: Any) -> None:
    """What the network is to read next: `inputs` [rows, n], the columns `wanted` of cursor.INPUTS; `back` is in bars.

    Rows that begin a bar that has to end on the tonic are kept as they are now, to come back to.
    """
    lookbacks, columns = len(back), rows.seen_before.shape[1]
    every = np.empty(5 + 2 * lookbacks, np.int64)
    for row in range(len(inputs)):
        node, position = rows.node[row], rows.position[row]
        music, bar = tables.music[node], tables.bar_start[node]
        here = bar + (position if music else columns - 2)
        every[0] = rows.ids[row, rows.taken[row] - 1]
        every[1] = position + 1 if music else 0
        every[2] = tables.place[node]
        for k in range(lookbacks):
            every[3 + k] = rows.seen[row, here - back[k] * columns]
            every[4 + lookbacks + k] = rows.runs[row, k]
        every[3 + lookbacks] = tables.part[node]
        every[4 + 2 * lookbacks] = rows.plan[row, tables.planned[node]]
        for k in range(len(wanted)):
            inputs[row, k] = every[wanted[k]]
        if tables.closing[node] and rows.in_bar[row] == 0:
            rows.state_before[:, :, row] = rows.state[:, :, row]
            rows.runs_before[row] = rows.runs[row]
            rows.seen_before[row] = rows.seen[row, bar : bar + columns]


@compiled
def draw(
    tables: TableArrays,
    rows: RowArrays,
    back: Any,
    persistence: Any,
    longest_run: int,
    logits: Any,
    removed: Any,
    predicted: Any,
    measured: bool,
) -> None:
    """Go on with a token that `logits` [rows, vocabulary] and the grammar choose, or with the one that is given.

    Changes `logits`. With `measured`, adds to `predicted` [1] how many tokens of the music were freely drawn, and to
    `removed` [1] the probability that the grammar took from them.
    """
    weights, seen = np.empty(logits.shape[1], np.float32), np.empty(len(back), np.int64)
    columns, longest_tune = rows.seen_before.shape[1], rows.ids.shape[1] - 1
    for row in range(len(logits)):
        node = rows.node[row]
        if tables.ended[node]:
            continue
        position, music, bar = rows.position[row], tables.music[node], tables.bar_start[node]
        left, own = tables.limit[node] - position, logits[row]
        for k in range(len(back)):
            seen[k] = rows.seen[row, bar + (position if music else columns - 2) - back[k] * columns]
        token = given = _given(tables, rows, row)
        if given == FREE:
            for k in range(len(back)):
                if seen[k] and rows.runs[row, k]:
                    own[seen[k] - 1] += persistence[k]
            if tables.closing[node] and left > 0:
                own += _F(CADENCE) * (tables.ticks == left)
            mask = tables.masks[_mask(tables, rows, row, left)]
            uniform = rows.uniform[row, min(rows.drawn[row], longest_tune)]
            token = pick(own, mask, rows.temperature[row, 0], uniform, weights)
            if measured and music:
                predicted[0] += 1
                removed[0] += _forbidden(own, mask)

        at = min(rows.taken[row], longest_tune)
        rows.ids[row, at] = token
        rows.seen[row, bar + (position if music else columns - 1)] = token + 1
        if music:
            for k in range(len(back)):
                rows.runs[row, k] = min(rows.runs[row, k] + 1, longest_run) if seen[k] == token + 1 else 0
        rows.taken[row], rows.drawn[row] = at + 1, rows.drawn[row] + 1
        length = tables.ticks[token]
        if length == 0:
            rows.node[row] = node = tables.after[node, tables.column[token]]
            rows.position[row], rows.in_bar[row], rows.tries[row] = tables.entry[node], 0, 0
            continue
        rows.position[row], rows.in_bar[row] = position + length, rows.in_bar[row] + 1
        strays = tables.closing[node] and length == left and not tables.tonic[token]
        if strays and given == FREE and rows.tries[row] < TRIES:
            _take_back(tables, rows, row, bar)


@compiled
def _given(tables: TableArrays, rows: RowArrays, row: int) -> Any:
    """The token that is given next, or FREE: of the beginning first, then of the bar."""
    given = rows.prefix[row, min(rows.taken[row], rows.prefix.shape[1] - 1)]
    if given != FREE:
        return given
    return rows.bars[row, tables.given[rows.node[row]], min(rows.in_bar[row], rows.bars.shape[2] - 1)]


@compiled
def _mask(tables: TableArrays, rows: RowArrays, row: int, left: int) -> Any:
    """Which of the masks holds with so many ticks left in the bar."""
    full, strict, free = tables.rows[rows.node[row]]
    if left <= 0:
        return full
    return left + (free if rows.tries[row] < TRIES else strict)


@compiled
def _take_back(tables: TableArrays, rows: RowArrays, row: int, bar: int) -> None:
    """Begin the bar again."""
    rows.state[:, :, row] = rows.state_before[:, :, row]
    rows.runs[row] = rows.runs_before[row]
    rows.seen[row, bar : bar + rows.seen_before.shape[1]] = rows.seen_before[row]
    rows.position[row] = tables.entry[rows.node[row]]
    rows.taken[row] -= rows.in_bar[row]
    rows.in_bar[row] = 0
    rows.tries[row] += 1


@compiled
def _forbidden(logits: Any, mask: Any) -> Any:
    """The share of softmax(logits) that `mask` forbids."""
    most, allowed, total = logits.max(), 0.0, 0.0
    for v in range(len(logits)):
        weight = _exp(logits[v] - most)
        total += weight
        if mask[v]:
            allowed += weight
    return 1 - allowed / total
