"""What the information fields of a tune say, in its header and among its music: key, metre, unit length, voice, …"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

from model.errors import NotationError
from model.music.abc_bars import VOICES, Bars
from model.music.abc_fields import key_field, options_of, tempo, unit_length, voice_field
from model.music.key import Key
from model.music.tune import Metre

NO_TONIC = "key without a tonic"
_LEFT_OUT = {"w": "lyrics", "W": "lyrics", "s": "symbol line", "r": "remark"}
_METRE = re.compile(r"C\|?(?!\w)|none\b|[(\d+) ]+/ ?\d+(?![\d/])|$")
_TRANSPOSING = re.compile(r"(?:MIDI[ =]+)?(?:r?transpose|shift|abc-transpose)\b", re.IGNORECASE)
_DIRECTIVE = re.compile(r"(?:%%|I:)?\s*([\w-]+)[ \t=]*(.*)")


@dataclass(frozen=True)
class Setting:
    """What holds for ABC without a header: the key, metre and unit length that it does not say."""

    key: Key
    metre: Metre
    unit: Fraction


@dataclass
class Header:
    """The fields that were read so far. Before the first note they set what the tune is in; behind it they change it.

    `drop` is told what is left out, and its column; `read_rest` reads what stands behind a value in its line.
    """

    bars: Bars
    drop: Callable[[str, int], None]
    read_rest: Callable[[str, int], None]
    setting: Setting | None = None
    fields: dict[str, str] = field(default_factory=dict)
    inherited: dict[str, str] = field(default_factory=dict)  # from the header of the file
    key: Key | None = None
    current_key: Key | None = None
    metre: Metre | None = None
    header_metre: Metre | None = None  # what stood before the key: decides the unit length where no L: does
    unit: Fraction | None = None  # as an L: field says
    tempo: str = ""
    voice: str = "1"
    sounding: str = ""  # the voice of the first note
    key_octave: int = 0
    voice_octaves: dict[str, int] = field(default_factory=dict)
    macros: list[str] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        """Whether music may stand in a line: behind the key, or where a setting gives one."""
        return self.key is not None or self.setting is not None

    def read(self, name: str, value: str, column: int) -> None:
        """Read a field. Raises InputError for a value that cannot be."""
        if name in _LEFT_OUT:
            self.drop(_LEFT_OUT[name], column)
        elif reader := _READERS.get(name):
            reader(self, value, column)
        else:
            self.fields.setdefault(name, value)

    def directive(self, text: str) -> None:
        """`%%octave -1` or `I:octave=-1`, say; most directives are about how a tune looks or sounds."""
        found = _DIRECTIVE.match(text)
        if found and found[1] == "octave":
            self.key_octave = options_of([f"octave={found[2].strip()}"]).octave
            self._move()
        elif found and _TRANSPOSING.match(f"{found[1]} {found[2]}"):
            self.drop("transpose", 1)
        elif found and found[1] == "propagate-accidentals":
            self.bars.pitches.by_octave, self.bars.pitches.holds = (
                found[2].strip() == "octave",
                found[2].strip() != "not",
            )

    def begin(self, column: int) -> None:
        """Settle what the tune is in, at its first note; raises NotationError for a note of a second voice."""
        if self.bars.begun:
            if self.voice != self.sounding:
                reason = f"a second voice ({self.voice[:20]}); Tunesmith reads single melodies"
                raise NotationError(reason, kind=VOICES)
            return
        given = self.setting
        if self.key is None:
            if given is None:
                raise NotationError("expected the K: field before the first note")
            self._set_key(given.key, given.key.signature, column)
        given = given if self.metre is None else None
        self.metre = self.metre or (given.metre if given else Metre(4, 4, "C"))
        self.unit = self.unit or (given.unit if given else (self.header_metre or self.metre).default_unit_length)
        self.bars.unit, self.bars.metre, self.sounding = self.unit, self.metre, self.voice

    def _key(self, value: str, column: int) -> None:
        read = key_field(value)
        for named in read.options.named:
            self.drop(named, column)
        if read.options.moves:
            self.key_octave = read.options.octave
        if read.key is not None or self.key is None:
            self._set_key(read.key or Key(0, 0, ""), read.signature or (0,) * 7, column)
            if read.key is None or not read.tonic:
                self.drop(NO_TONIC, column)
            elif read.own_signature:
                self.drop("signature of its own", column)
        self._move()
        self._rest(value, read.rest, column)

    def _set_key(self, key: Key, signature: tuple[int, ...], column: int) -> None:
        if self.bars.begun and (key, signature) != (self.current_key, self.bars.pitches.signature):
            self.drop("key change", column)
        if not self.bars.begun:
            if self.key is None:
                self.header_metre = self.metre
            self.key = key
        self.current_key, self.bars.pitches.signature = key, signature

    def _metre(self, value: str, column: int) -> None:
        found = _METRE.match(value)
        metre = Metre.parse(found[0] if found else value)
        if not self.bars.begun:
            self.metre = metre
        elif not metre.like(self.bars.metre):
            self.drop("metre change", column)
        self.bars.metre = metre
        self._rest(value, value[found.end() :] if found else "", column)

    def _unit(self, value: str, column: int) -> None:
        unit, rest = unit_length(value)
        if self.bars.begun:
            self.bars.unit = unit
        else:
            self.unit = unit
        self._rest(value, rest, column)

    def _rest(self, value: str, rest: str, column: int) -> None:
        if rest.strip():
            self.read_rest(rest.strip(), column + value.rfind(rest.strip()))

    def _tempo(self, value: str, column: int) -> None:
        if not self.bars.begun:
            self.tempo = value
        elif tempo(value) != tempo(self.tempo):
            self.drop("tempo change", column)

    def _voice(self, value: str, column: int) -> None:
        voice, options = voice_field(value)
        self.voice = voice or self.voice
        for named in options.named:
            self.drop(named, column)
        if options.moves:
            self.voice_octaves[self.voice] = options.octave
        self._move()

    def _move(self) -> None:
        self.bars.pitches.octave = self.key_octave + self.voice_octaves.get(self.voice, 0)

    def _title(self, value: str, column: int) -> None:
        if self.bars.begun:
            self.drop("title inside the tune", column)
        else:
            self.fields.setdefault("T", value)

    def _parts(self, value: str, column: int) -> None:
        if not self.ended:
            self.drop("order of parts", column)

    def _definition(self, value: str, column: int) -> None:
        found = re.match(r"([H-WYh-w~])\s*=", value)
        if found:
            self.bars.letters.add(found[1])
        else:
            self.drop("U: field", column)

    def _macro(self, value: str, column: int) -> None:
        if found := re.match(r"([^=\s]+)\s*=", value):
            self.macros.append(found[1])

    def _instruction(self, value: str, column: int) -> None:
        self.drop("directive", column)
        self.directive(value)


_READERS = {
    "K": Header._key,
    "M": Header._metre,
    "L": Header._unit,
    "Q": Header._tempo,
    "V": Header._voice,
    "T": Header._title,
    "P": Header._parts,
    "U": Header._definition,
    "m": Header._macro,
    "I": Header._instruction,
}
