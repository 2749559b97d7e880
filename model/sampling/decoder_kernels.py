"""The decoder's step before and after the network's, compiled for a CPU by Numba, row by row.

`gather_inputs` finds what the network is to see of each tune, `draw_tokens` draws the token that each goes on with.
Torch's operations in model.sampling.decoder do the same.
"""

from typing import Any

import numpy as np

from model.network.kernels import compiled
from model.sampling.decoder_arrays import RowArrays, Settings, TableArrays

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
        _find_candidates(tables, rows, settings, row)
        backs = len(settings.lookback_bars)
        for k in range(backs):
            every[columns.back + k], every[columns.run + k] = rows.candidates[row, k], rows.runs[row, k]
        for k in range(rows.distances.shape[1]):
            every[columns.shape + k] = rows.candidates[row, backs + k]
            every[columns.shape_run + k] = rows.runs[row, backs + k]
        every[columns.part], every[columns.rhythm], every[columns.mode] = (
            tables.part[node],
            tables.rhythm[node],
            tables.mode[node],
        )
        plan = rows.plan[row, tables.planned[node]]
        every[columns.plan], every[columns.phrase], every[columns.motion] = plan[0], plan[1], plan[2]
        for k in range(len(wanted)):
            inputs[row, k] = every[wanted[k]]
        if tables.closing[node] and rows.in_bar[row] == 0:
            rows.state_before[:, :, row] = rows.state[:, :, row]
            rows.runs_before[row], rows.line_before[row] = rows.runs[row], rows.line[row]
            rows.history_before[row] = rows.history[row, bar : bar + bar_columns]
            rows.moves_before[row] = rows.moves[row, bar : bar + bar_columns]


@compiled
def _find_candidates(tables: TableArrays, rows: RowArrays, settings: Settings, row: int) -> None:
    """What a tune may go on with: a token's id plus one for each of the candidates; 0 for none."""
    node, bar_columns, backs = rows.node[row], rows.history_before.shape[1], len(settings.lookback_bars)
    bar, music, found = tables.bar_start[node], tables.music[node], rows.candidates[row]
    here = bar + (rows.position[row] if music else settings.empty)
    for k in range(backs):
        found[k] = rows.history[row, here - settings.lookback_bars[k] * bar_columns]
    for k in range(rows.distances.shape[1]):
        found[backs + k] = _shape(tables, rows, settings, row, bar, rows.distances[row, k]) if music else 0


@compiled
def _shape(tables: TableArrays, rows: RowArrays, settings: Settings, row: int, bar: int, distance: int) -> Any:
    """The note that moves as the one `distance` ticks ago did: its id plus one, 0 for none; see InputEncoder."""
    position, length = rows.position[row], rows.bar_length[row]
    if distance == 0 or position >= length:
        return 0
    bars = (position - distance) // length
    there = bar + bars * rows.history_before.shape[1] + position - distance - bars * length
    move, note = rows.moves[row, there], rows.history[row, there] - 1
    line = rows.line[row] + move - settings.still
    if move == 0 or line == tables.line[note] or line < 0 or line >= len(tables.diatonic):
        return 0
    return tables.diatonic[line, tables.ticks[note]]


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
    weights = np.empty(logits.shape[1], np.float32)
    longest_tune = rows.ids.shape[1] - 1
    for row in range(len(logits)):
        node = rows.node[row]
        if tables.ended[node]:
            continue
        position, music, bar = rows.position[row], tables.music[node], tables.bar_start[node]
        left, own, candidates = tables.limit[node] - position, logits[row], rows.candidates[row]
        token = given = _given(tables, rows, row)
        if given == FREE:
            for k in range(len(candidates)):
                if candidates[k] and rows.runs[row, k] >= settings.persists[k]:
                    own[candidates[k] - 1] += settings.persistence[k]
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
        _remember(tables, rows, settings, row, bar + (position if music else settings.discard), token)
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
def _remember(tables: TableArrays, rows: RowArrays, settings: Settings, row: int, column: int, token: int) -> None:
    """Write `token` into the history at `column`, and for how long each candidate has been right."""
    is_note, line, runs = tables.ticks[token] > 0, tables.line[token], rows.runs[row]
    for k in range(len(runs) if is_note else len(settings.lookback_bars)):  # a bar line does not end a sequence
        if tables.music[rows.node[row]]:
            copied = rows.candidates[row, k] == token + 1
            runs[k] = min(runs[k] + 1, settings.longest_run) if copied else 0
    rows.history[row, column], rows.moves[row, column] = token + 1, 0
    if line >= 0:
        if rows.line[row] >= 0:
            rows.moves[row, column] = line - rows.line[row] + settings.still
        rows.line[row] = line


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
    rows.runs[row], rows.line[row] = rows.runs_before[row], rows.line_before[row]
    rows.moves[row, bar : bar + rows.moves_before.shape[1]] = rows.moves_before[row]
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
