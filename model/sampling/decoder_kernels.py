"""The decoder's step before and after the network's, compiled for a CPU by Numba, row by row.

`gather_inputs` finds what the network is to see of each tune, `draw_tokens` draws the token that each goes on with.
Torch's operations in model.sampling.decoder do the same.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.network.kernels import compiled

FREE = -1  # no token is given here
# What is added to the logit of a note that fills the rest of a bar that has to end on the tonic. Real tunes rest there;
# composed ones have strayed a little by then, and would play on to the last eighth too often.
CADENCE = 1.5
RETRIES = 5  # at a bar that has to end on the tonic, before the grammar makes it

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
    """The tables of grammars, see model.sampling.decoder_tables.Tables."""

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
    given_bar: NDArray[Any]


class RowArrays(NamedTuple):
    """What is known of each tune, each array [rows, ...] but for the states; see model.sampling.decoder.Decoder."""

    node: NDArray[Any]
    position: NDArray[Any]
    length: NDArray[Any]
    in_bar: NDArray[Any]
    draws: NDArray[Any]
    retries: NDArray[Any]
    ids: NDArray[Any]
    history: NDArray[Any]
    history_before: NDArray[Any]
    runs: NDArray[Any]
    runs_before: NDArray[Any]
    state: NDArray[Any]
    state_before: NDArray[Any]
    uniform: NDArray[Any]
    temperature: NDArray[Any]
    prefix: NDArray[Any]
    given_bars: NDArray[Any]
    plan: NDArray[Any]


class InputColumns(NamedTuple):
    """Of each group of inputs the column of the first, among all inputs; see model.encoding.inputs.GROUPS."""

    token: int
    position: int
    place: int
    back: int
    part: int
    run: int
    plan: int


class Settings(NamedTuple):
    """What is set in other files: model.encoding.inputs, model.sampling.decoder and decoder_tables."""

    columns: InputColumns
    lookback_bars: NDArray[Any]
    persistence: NDArray[Any]
    longest_run: int
    empty: int
    discard: int


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
def gather_inputs(
    tables: TableArrays, rows: RowArrays, settings: Settings, every: Any, wanted: Any, inputs: Any
) -> None:
    """What the network is to read next: `inputs` [rows, n], the columns `wanted` [n] of all inputs.

    `every` is room for an id of each input there is. Rows that begin a bar that has to end on the tonic are kept as
    they are now, to come back to.
    """
    columns, bar_columns = settings.columns, rows.history_before.shape[1]
    for row in range(len(inputs)):
        node, position = rows.node[row], rows.position[row]
        music, bar = tables.music[node], tables.bar_start[node]
        every[columns.token] = rows.ids[row, rows.length[row] - 1]
        every[columns.position] = position + 1 if music else 0
        every[columns.place] = tables.place[node]
        _look_back(tables, rows, settings, row, every[columns.back :])
        every[columns.part] = tables.part[node]
        for k in range(len(settings.lookback_bars)):
            every[columns.run + k] = rows.runs[row, k]
        every[columns.plan] = rows.plan[row, tables.planned[node]]
        for k in range(len(wanted)):
            inputs[row, k] = every[wanted[k]]
        if tables.closing[node] and rows.in_bar[row] == 0:
            rows.state_before[:, :, row] = rows.state[:, :, row]
            rows.runs_before[row] = rows.runs[row]
            rows.history_before[row] = rows.history[row, bar : bar + bar_columns]


@compiled
def _look_back(tables: TableArrays, rows: RowArrays, settings: Settings, row: int, found: Any) -> None:
    """What began at this position some bars ago, for each of the lookback bars: a token's id plus one; 0 for none."""
    node, bar_columns = rows.node[row], rows.history_before.shape[1]
    here = tables.bar_start[node] + (rows.position[row] if tables.music[node] else settings.empty)
    for k in range(len(settings.lookback_bars)):
        found[k] = rows.history[row, here - settings.lookback_bars[k] * bar_columns]


@compiled
def draw_tokens(
    tables: TableArrays,
    rows: RowArrays,
    settings: Settings,
    logits: Any,
    removed: Any,
    predicted: Any,
    measured: bool,
) -> None:
    """Go on with a token that `logits` [rows, vocabulary] and the grammar choose, or with the one that is given.

    Changes `logits`. With `measured`, adds to `predicted` [1] how many tokens of the music were freely drawn, and to
    `removed` [1] the probability that the grammar took from them.
    """
    weights, lookback = np.empty(logits.shape[1], np.float32), np.empty(len(settings.lookback_bars), np.int64)
    longest_tune = rows.ids.shape[1] - 1
    for row in range(len(logits)):
        node = rows.node[row]
        if tables.ended[node]:
            continue
        position, music, bar = rows.position[row], tables.music[node], tables.bar_start[node]
        left, own = tables.limit[node] - position, logits[row]
        _look_back(tables, rows, settings, row, lookback)
        token = given = _given(tables, rows, row)
        if given == FREE:
            for k in range(len(lookback)):
                if lookback[k] and rows.runs[row, k]:
                    own[lookback[k] - 1] += settings.persistence[k]
            if tables.closing[node] and left > 0:
                own += _F(CADENCE) * (tables.ticks == left)
            mask = tables.masks[_mask(tables, rows, row, left)]
            uniform = rows.uniform[row, min(rows.draws[row], longest_tune)]
            token = pick(own, mask, rows.temperature[row, 0], uniform, weights)
            if measured and music:
                predicted[0] += 1
                removed[0] += _forbidden(own, mask)

        at = min(rows.length[row], longest_tune)
        rows.ids[row, at] = token
        rows.history[row, bar + (position if music else settings.discard)] = token + 1
        if music:
            for k in range(len(lookback)):
                copied = lookback[k] == token + 1
                rows.runs[row, k] = min(rows.runs[row, k] + 1, settings.longest_run) if copied else 0
        rows.length[row], rows.draws[row] = at + 1, rows.draws[row] + 1
        note = tables.ticks[token]
        if note == 0:
            rows.node[row] = node = tables.after[node, tables.column[token]]
            rows.position[row], rows.in_bar[row], rows.retries[row] = tables.entry[node], 0, 0
            continue
        rows.position[row], rows.in_bar[row] = position + note, rows.in_bar[row] + 1
        strays = tables.closing[node] and note == left and not tables.tonic[token]
        if strays and given == FREE and rows.retries[row] < RETRIES:
            _start_bar_again(tables, rows, row)


@compiled
def _given(tables: TableArrays, rows: RowArrays, row: int) -> Any:
    """The token that is given next, or FREE: of the beginning first, then of the bar."""
    given = rows.prefix[row, min(rows.length[row], rows.prefix.shape[1] - 1)]
    if given != FREE:
        return given
    return rows.given_bars[row, tables.given_bar[rows.node[row]], min(rows.in_bar[row], rows.given_bars.shape[2] - 1)]


@compiled
def _mask(tables: TableArrays, rows: RowArrays, row: int, left: int) -> Any:
    """Which of the masks holds with so many ticks left in the bar."""
    full, strict, free = tables.rows[rows.node[row]]
    if left <= 0:
        return full
    return left + (free if rows.retries[row] < RETRIES else strict)


@compiled
def _start_bar_again(tables: TableArrays, rows: RowArrays, row: int) -> None:
    node = rows.node[row]
    bar = tables.bar_start[node]
    rows.state[:, :, row] = rows.state_before[:, :, row]
    rows.runs[row] = rows.runs_before[row]
    rows.history[row, bar : bar + rows.history_before.shape[1]] = rows.history_before[row]
    rows.position[row] = tables.entry[node]
    rows.length[row] -= rows.in_bar[row]
    rows.in_bar[row] = 0
    rows.retries[row] += 1


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
