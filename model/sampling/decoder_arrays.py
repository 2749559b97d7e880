"""What the compiled decoder is given, as named tuples of arrays, which Numba reads."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


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
    rhythm: NDArray[Any]
    mode: NDArray[Any]
    ticks: NDArray[Any]
    column: NDArray[Any]
    music: NDArray[np.bool_]
    ended: NDArray[np.bool_]
    given_bar: NDArray[Any]
    line: NDArray[Any]
    diatonic: NDArray[Any]


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
    moves: NDArray[Any]
    moves_before: NDArray[Any]
    line: NDArray[Any]
    line_before: NDArray[Any]
    bar_length: NDArray[Any]
    distances: NDArray[Any]
    candidates: NDArray[Any]
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
    shape: int
    shape_run: int
    rhythm: int
    mode: int
    phrase: int
    motion: int


class Settings(NamedTuple):
    """What is set in other files: model.encoding.inputs, model.sampling.decoder and decoder_tables."""

    columns: InputColumns
    lookback_bars: NDArray[Any]
    persistence: NDArray[Any]
    persists: NDArray[Any]
    longest_run: int
    empty: int
    discard: int
    still: int
