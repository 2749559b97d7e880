"""A prompt, checked: all that a tune depends on beside the checkpoint."""

import math
import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from model.errors import InputError
from model.music.form import Form
from model.music.instruments import INSTRUMENTS
from model.music.instruments import instrument as named_instrument
from model.music.key import Key
from model.music.rhythm import RHYTHMS, named

LARGEST_SEED = 2**31 - 1
LONGEST_OPENING = 2_000  # characters of ABC
VARIATIONS = {"parts": "keep the first part, compose the others anew", "endings": "keep all but the endings"}
EDITED = "edit"  # in place of a variation: a member wrote it, and no model is asked for it
COUNTS = range(1, 101)  # tunes one command may ask for; chats allow fewer
TEMPERATURES = (0.1, 2.0)
TEMPOS = (20, 300)  # beats a minute


def plain_title(rhythm: str, seed: int) -> str:
    """A title for a tune that gets no other: `Tunesmith's Reel No. 7`."""
    return f"Tunesmith's {rhythm.title()} No. {seed}"


@dataclass(frozen=True)
class Prompt:
    """What a member asks for: all that a tune depends on beside the checkpoint, and how it is played.

    `tempo` is in beats a minute, a dotted quarter in compound metres; None is the dance's own. `instrument` is a name
    of model.music.instruments; None is the one that usually plays the dance. `band`: whether others play along.
    """

    key: Key
    rhythm: str  # a name in RHYTHMS
    temperature: float = 1.0
    form: Form = field(default_factory=Form)
    seed: int = 0
    opening: str = ""  # ABC: the first bars, or the whole tune that is to be varied
    transpose: bool = False  # whether an opening in another key is transposed to this one
    vary: str = ""  # one of VARIATIONS
    tempo: int | None = None
    instrument: str | None = None
    band: bool = True

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "key": str(self.key), "form": str(self.form)}

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Raises InputError, one line that names the field, for what `to_json` of this release does not give."""
        given = checked_fields(data, "prompt", _PROMPT_FIELDS)
        _temperature(given["temperature"])
        _vary(given["vary"], given["opening"])
        parse_tempo(given["tempo"])
        parse_instrument(given["instrument"])
        return cls(**{**given, "key": Key.parse(given["key"]), "form": Form.parse(given["form"])})


_NUMBER = (int, float)
_PROMPT_FIELDS: dict[str, type | tuple[type, ...]] = {
    "key": str,
    "rhythm": str,
    "temperature": _NUMBER,
    "form": str,
    "seed": int,
    "opening": str,
    "transpose": bool,
    "vary": str,
    "tempo": (int, type(None)),
    "instrument": (str, type(None)),
    "band": bool,
}


def checked_fields(data: object, name: str, types: Mapping[str, type | tuple[type, ...]]) -> dict[str, Any]:
    """`data`, if it is an object with exactly the fields of `types`; `name` says what it is in errors.

    Raises InputError, one line that names the field.
    """
    if not isinstance(data, dict):
        raise InputError(f"a {name} is a JSON object, not {type(data).__name__}")
    for key in data:
        if key not in types:
            raise InputError(f"this release knows no field {str(key)[:20]!r} of a {name}")
    for key, kinds in types.items():
        if key not in data:
            raise InputError(f"the {name} has no field {key!r}")
        value = data[key]
        if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
            raise InputError(f"the field {key!r} of a {name} cannot be {type(value).__name__}")
    return data


def parse_prompt(
    key: str,
    rhythm: str | None = None,
    temperature: float | str = 1.0,
    form: str | None = None,
    seed: int | str | None = None,
    opening: str = "",
    transpose: bool | str = False,
    vary: str = "",
    tempo: int | str | None = None,
    instrument: str | None = None,
    band: bool | str = True,
) -> Prompt:
    """A checked Prompt from what was typed; an omitted rhythm or seed is drawn. Raises InputError, one line each.

    The opening's music is checked by the sampler, against the model's vocabulary.
    """
    chosen = named(rhythm).name if rhythm else random.choice(list(RHYTHMS))
    _suited(parse_instrument(instrument), Key.parse(key))
    return Prompt(
        key=Key.parse(key),
        rhythm=chosen,
        temperature=_temperature(temperature),
        form=Form.parse(form) if form else Form(),
        seed=_seed(seed),
        opening=_opening(opening),
        transpose=_yes_or_no(transpose, "transpose"),
        vary=_vary(vary, opening),
        tempo=parse_tempo(tempo),
        instrument=parse_instrument(instrument),
        band=_yes_or_no(band, "band"),
    )


def with_playing(prompt: Prompt, tempo: str = "", instrument: str = "", band: str = "yes") -> Prompt:
    """`prompt` played in another way; what is empty is as its dance is usually played. Raises InputError."""
    return replace(
        prompt, tempo=parse_tempo(tempo), instrument=parse_instrument(instrument), band=_yes_or_no(band, "band")
    )


def parse_count(count: int | str, most: int = COUNTS[-1]) -> int:
    """How many tunes; InputError unless it is a whole number from 1 to `most`."""
    try:
        number = int(count)
    except ValueError:
        number = 0
    if not 1 <= number <= most:
        raise InputError(f"count is {str(count)[:20]}: ask for 1 to {most} tunes")
    return number


def parse_tempo(value: int | str | None) -> int | None:
    """Beats a minute; None where nothing is said. InputError unless it is a whole number within TEMPOS."""
    if value is None or value == "":
        return None
    low, high = TEMPOS
    try:
        number = int(value)
    except ValueError:
        number = 0
    if not low <= number <= high:
        raise InputError(f"tempo is {str(value)[:20]}: choose {low} to {high} beats a minute")
    return number


def parse_instrument(value: str | None) -> str | None:
    """The name of an instrument; None where nothing is said. InputError that lists what there is."""
    return named_instrument(value).name if value else None


def _suited(instrument: str | None, key: Key) -> None:
    """Raises InputError for a key that the instrument lacks notes of."""
    if instrument and not INSTRUMENTS[instrument].suits(key):
        keys = "D, G, Em, Edor, Amix, Bm"
        raise InputError(f"the {instrument} lacks notes of {key.name}: ask for {keys}, or another instrument")


def _temperature(value: float | str) -> float:
    low, high = TEMPERATURES
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not low <= number <= high:  # false for NaN as well
        raise InputError(f"temperature is {str(value)[:20]}: choose from {low} (careful) to {high} (wild)")
    return number


def _seed(value: int | str | None) -> int:
    if value is None or value == "":
        return random.randrange(LARGEST_SEED)
    try:
        number = int(value)
    except ValueError:
        number = -1
    if not 0 <= number <= LARGEST_SEED:
        raise InputError(f"seed is {str(value)[:20]}: choose a whole number from 0 to {LARGEST_SEED}")
    return number


def _opening(text: str) -> str:
    if len(text) > LONGEST_OPENING:
        raise InputError(f"the opening has {len(text)} characters: at most {LONGEST_OPENING}, a few bars, are read")
    return text.strip()


def _yes_or_no(value: bool | str, name: str) -> bool:
    word = str(value).strip().lower()
    if word not in ("yes", "true", "on", "no", "false", "off", ""):
        raise InputError(f"{name} is {str(value)[:20]}: say yes or no")
    return word in ("yes", "true", "on")


def _vary(value: str, opening: str) -> str:
    if value not in ("", *VARIATIONS):
        raise InputError(f"vary is {value[:20]}: choose {' or '.join(VARIATIONS)}")
    if value and not opening.strip():
        raise InputError("nothing to vary: give the tune as the opening")
    return value
