"""Presets of training runs: network sizes and settings of the optimiser, by name."""

from dataclasses import dataclass, replace

from model.encoding.inputs import INPUTS
from model.errors import InputError


@dataclass(frozen=True)
class Preset:
    """Sizes of the network and settings of the optimiser. `seq_length` is in tokens, `rate` is Adam's."""

    name: str
    vocabulary: str  # characters or notes
    widths: tuple[int, ...]  # embedding width of each input
    hidden: int
    layers: int
    dropout: float
    batch: int
    seq_length: int
    rate: float
    steps: int
    schedule: str  # constant, or cosine: warm-up, then down to a hundredth of `rate`
    evaluate_every: int
    patience: int  # evaluations without a better held-out loss before training stops
    clip: float = 5.0
    inputs: tuple[str, ...] = ("token",)  # of model.encoding.inputs.INPUTS, as many as `widths`
    copies: bool = False  # see NetworkConfig
    weight_drop: float = 0.0  # see NetworkConfig


SEED = Preset("seed", "characters", (256,), 1024, 1, 0.0, 64, 125, 1e-4, 7500, "constant", 250, 8)
"""The seed article's system: Embedding 256, LSTM 1024, Linear; 7,500 steps of 64 x 125 characters at 1e-4."""

_WIDTHS = {"token": 192, "position": 32, "place": 32, "back": 96, "part": 16, "run": 8, "plan": 24}
_WIDTHS |= {"shape": 64, "rhythm": 16, "mode": 8, "phrase": 8, "motion": 4}


def _notes(name: str, inputs: tuple[str, ...]) -> Preset:
    widths = tuple(_WIDTHS[i.split()[0]] for i in inputs)
    return Preset(name, "notes", widths, 512, 2, 0.3, 64, 512, 3e-3, 1100, "cosine", 50, 5, 1.0, inputs)


PLAIN = _notes("plain", INPUTS[:1])
"""For comparison: whole notes, without any other input."""

LOOKBACK = _notes("lookback", ("token", "back 1", "back 2", "back 4", "back 8"))
"""For comparison: whole notes, and what stood 1, 2, 4 and 8 bars before."""

TRAD = replace(_notes("trad", INPUTS), dropout=0.4, weight_drop=0.5, copies=True)
"""The bot's own: whole notes, all inputs, and gates to copy what stood some bars before or to go on with its shape."""

_ALL = {preset.name: preset for preset in (SEED, PLAIN, LOOKBACK, TRAD)}
NAMES = tuple(_ALL)


def named(name: str) -> Preset:
    """The preset `name`. Raises InputError, which lists the presets, where there is none."""
    try:
        return _ALL[name]
    except KeyError as error:
        raise InputError(f"no preset {name!r}; there are {', '.join(_ALL)}") from error
