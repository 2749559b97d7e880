"""SoundFont files: SF2 (SoundFont technical specification 2.04) and SF3, whose samples are Ogg Vorbis.

Read here because the synthesizers that could are no use: symusic's plays plucked strings without their decay, stops
notes dead and makes a tremolo of layered zones; tinysoundfont has no wheels for aarch64; FluidSynth has none at all.
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from bot.core.errors import RenderError

Wave = NDArray[np.float32]
_LARGEST = 2_000_000_000  # bytes of a file
_COMPRESSED = 0x10  # of a sample's type: it is Ogg Vorbis
_KEYS, _VELOCITIES, _INSTRUMENT, _SAMPLE = 43, 44, 41, 53  # generators that are no amounts
_REPLACING = {46, 47, 54, 57, 58}  # generators that an instrument alone may have
_DEFAULTS = {8: 13500, 33: -12000, 34: -12000, 35: -12000, 36: -12000, 38: -12000, 56: 100, 58: -1}


@dataclass(frozen=True)
class Sample:
    """A recording: `wave` at `rate` samples a second, and the `root` key, corrected by `cents`, that it sounds at."""

    wave: Wave
    rate: int
    loop: tuple[int, int]
    root: int
    cents: int


@dataclass(frozen=True)
class Zone:
    """What a program plays on some keys and velocities: a sample, and generators by their numbers in the format."""

    keys: tuple[int, int]
    velocities: tuple[int, int]
    sample: int
    generators: dict[int, int]

    def amount(self, generator: int) -> int:
        return self.generators.get(generator, _DEFAULTS.get(generator, 0))

    def seconds(self, generator: int) -> float:
        """A time of an envelope, which the format has in timecents."""
        return float(2 ** (self.amount(generator) / 1200))


class SoundFont:
    """The programs of one file. Raises RenderError, one line, where it is missing, cut short or something else."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            if path.stat().st_size > _LARGEST:
                raise RenderError(f"the soundfont {path} is larger than {_LARGEST // 10**9} GB")
            self._data = np.memmap(path, np.uint8, "r")
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is empty"
            raise RenderError(f"the soundfont {path} cannot be read: {reason}") from error
        try:
            self._tables = self._read()
            self._presets = self._headers("phdr", "<20sHHHIII")
            self._instruments = self._headers("inst", "<20sH")
            self._sample_headers = self._headers("shdr", "<20sIIIIIBbHH")
        except (struct.error, KeyError, IndexError) as error:
            raise RenderError(f"{path} is cut short, or no soundfont (SF2 or SF3)") from error
        self._samples: dict[int, Sample] = {}

    @property
    def name(self) -> str:
        return self._path.name

    def zones(self, program: int) -> list[Zone]:
        """What General MIDI's `program`, counted from 0, plays; nothing where the file lacks it. Raises RenderError."""
        try:
            return self._zones(program)
        except IndexError as error:
            raise RenderError(f"the soundfont {self.name} is damaged") from error

    def _zones(self, program: int) -> list[Zone]:
        for number, (_, preset, bank, bag, *_) in enumerate(self._presets[:-1]):
            if (preset, bank) == (program, 0):
                return list(self._preset_zones(bag, self._presets[number + 1][3]))
        return []

    def sample(self, number: int) -> Sample:
        """A sample, decoded once. Raises RenderError where it is damaged."""
        if number not in self._samples:
            try:
                self._samples[number] = self._decoded(number)
            except (IndexError, ValueError, soundfile.SoundFileError) as error:
                raise RenderError(f"a sample of the soundfont {self._path.name} is damaged") from error
        return self._samples[number]

    def _read(self) -> dict[str, tuple[int, int]]:
        """Where each chunk of the file begins and ends."""
        if bytes(self._data[:4]) != b"RIFF" or bytes(self._data[8:12]) != b"sfbk":
            raise RenderError(f"{self._path} is no soundfont (SF2 or SF3)")
        found: dict[str, tuple[int, int]] = {}
        for name, start, end in self._chunks(12, len(self._data)):
            if name == "LIST":
                found |= {inner: (begin, stop) for inner, begin, stop in self._chunks(start + 4, end)}
        return found

    def _chunks(self, start: int, end: int) -> Iterator[tuple[str, int, int]]:
        while start + 8 <= end:
            name, size = struct.unpack("<4sI", self._data[start : start + 8].tobytes())
            if start + 8 + size > end:
                raise RenderError(f"the soundfont {self._path} is cut short")
            yield name.decode("latin-1"), start + 8, start + 8 + size
            start += 8 + size
            if size % 2 and start < end and self._data[start] == 0:  # MuseScore's converter writes no pad bytes
                start += 1

    def _headers(self, name: str, form: str) -> list[tuple[int, ...]]:
        start, end = self._tables[name]
        size = struct.calcsize(form)
        if (end - start) % size or end - start < 2 * size:
            raise RenderError(f"the soundfont {self._path} is damaged: its table {name} has no whole rows")
        return list(struct.iter_unpack(form, self._data[start:end].tobytes()))

    @cached_property
    def _bags(self) -> dict[str, list[tuple[int, ...]]]:
        forms = {"pbag": "<HH", "ibag": "<HH", "pgen": "<HH", "igen": "<HH"}
        return {name: self._headers(name, form) for name, form in forms.items()}

    def _generators(self, kind: str, first: int, stop: int) -> Iterator[dict[int, int]]:
        """The zones of a preset or an instrument as generators; amounts are signed, ranges two bytes."""
        bags, rows = self._bags[f"{kind}bag"], self._bags[f"{kind}gen"]
        for bag in range(first, stop):
            zone: dict[int, int] = {}
            for generator, amount in rows[bags[bag][0] : bags[bag + 1][0]]:
                whole = generator in (_KEYS, _VELOCITIES, _INSTRUMENT, _SAMPLE)
                zone[generator] = amount if whole or amount < 0x8000 else amount - 0x10000
            yield zone

    def _preset_zones(self, first: int, stop: int) -> Iterator[Zone]:
        usual: dict[int, int] = {}
        for number, zone in enumerate(self._generators("p", first, stop)):
            if _INSTRUMENT not in zone:
                usual = zone if number == 0 else usual
                continue
            added = usual | zone
            instrument = zone[_INSTRUMENT]
            yield from self._instrument_zones(instrument, added)

    def _instrument_zones(self, number: int, added: dict[int, int]) -> Iterator[Zone]:
        """The zones of an instrument, with what its preset adds to their amounts, within its preset's ranges."""
        usual: dict[int, int] = {}
        first, stop = self._instruments[number][1], self._instruments[number + 1][1]
        for index, own in enumerate(self._generators("i", first, stop)):
            if _SAMPLE not in own:
                usual = own if index == 0 else usual
                continue
            zone = usual | own
            keys = _narrowed(zone, added, _KEYS)
            velocities = _narrowed(zone, added, _VELOCITIES)
            sums = {
                generator: zone.get(generator, _DEFAULTS.get(generator, 0)) + amount
                for generator, amount in added.items()
                if generator not in _REPLACING and generator not in (_KEYS, _VELOCITIES, _INSTRUMENT)
            }
            if keys[0] <= keys[1] and velocities[0] <= velocities[1]:
                yield Zone(keys, velocities, zone[_SAMPLE], zone | sums)

    def _decoded(self, number: int) -> Sample:
        _, start, end, loop, loop_end, rate, root, cents, _, kind = self._sample_headers[number]
        first, stop = self._tables["smpl"]
        if kind & _COMPRESSED:
            data = self._data[first + start : min(first + end, stop)].tobytes()
            frames, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
            return Sample(np.array(frames[:, 0], np.float32), rate, (loop, loop_end), root, cents)
        pcm = self._data[first + 2 * start : min(first + 2 * end, stop)].view("<i2")
        wave: Wave = pcm.astype(np.float32) * np.float32(1 / 32768)
        return Sample(wave, rate, (loop - start, loop_end - start), root, cents)


def _narrowed(zone: dict[int, int], added: dict[int, int], generator: int) -> tuple[int, int]:
    """The part of a range that both an instrument's and a preset's zone allow."""
    ranges = [(amount & 0xFF, amount >> 8) for amount in (zone.get(generator, 0x7F00), added.get(generator, 0x7F00))]
    return max(low for low, _ in ranges), min(high for _, high in ranges)
