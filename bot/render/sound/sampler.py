"""Notes of a soundfont as waves, kept so that the next tune need not make them again.

Each is a sample moved to its pitch, with a loop where there is one, shaped by attack, hold and decay. Of the format's
layers the first alone sounds: the others are its other channel, or out of tune with it, which beats like a tremolo.
Its vibrato and tremolo are left out too. A long attack is cut short, so that a note begins when it is written. Notes
are brought to one loudness, which differs between and within soundfonts. The mixer applies the release.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from cachetools import LRUCache

from bot.core.errors import RenderError
from bot.render.sound.soundfont import Sample, SoundFont, Wave, Zone

_log = logging.getLogger(__name__)
RATE = 24000  # samples a second; above 12 kHz the band has nothing to say
_KEPT = 48_000_000  # bytes of waves
_ATTACKS = 0.004, 0.012  # seconds: the shortest, so that nothing clicks, and the longest
_LATEST = 0.25  # seconds of a recording at most that its slow beginning may take, which is then left out
_BEGUN = 0.35, 0.75  # share of the loudness there at which it has begun: of what is struck, and of what is held
_BLOWN_AND_BOWED = {20, 21, 22, 23, 40, 72, 73, 75, 109, 110}  # programs that hold their notes
_EVENED, _MOST_EVENED = 0.05, 4.0  # seconds over which their loudness is made even, and by how much at most
_LONGEST_RELEASE = 0.4, 0.09  # seconds: of what is struck, and of what is held, where tails would pile up
_SHORTEST, _SHORTEST_LOOP = RATE // 2, 8  # samples
_VELOCITY = 90  # whose layer is played, whatever the note's
_LEVEL = 0.1  # root mean square
_MEASURED = RATE // 3  # samples of a note by which its loudness is measured
_COARSE, _FINE, _SCALE, _ROOT, _MODE, _CUTOFF = 51, 52, 56, 58, 54, 8
_ATTACK, _HOLD, _DECAY, _SUSTAIN, _RELEASE = 34, 35, 36, 37, 38


@dataclass(frozen=True)
class Tone:
    """A note as long as it may last, and how many seconds it takes to die away when it is let go."""

    wave: Wave
    release: float


class Sampler:
    """Plays the programs of the first soundfont that has them."""

    def __init__(self, fonts: Sequence[SoundFont]) -> None:
        self._fonts = fonts
        self._tones: LRUCache[tuple[int, int, int], Tone] = LRUCache(_KEPT, getsizeof=lambda tone: tone.wave.nbytes)

    def tone(self, program: int, pitch: int, samples: int) -> Tone:
        """A note of at least `samples` samples, at velocity 127. Raises RenderError where there is no such program."""
        length = 1 << max(samples - 1, _SHORTEST).bit_length()
        key = program, pitch, length
        tone = self._tones.get(key)
        if tone is None:
            tone = self._voice(program, pitch, length)
            if tone.wave.nbytes <= _KEPT:
                self._tones[key] = tone
        return tone

    def _voice(self, program: int, pitch: int, length: int) -> Tone:
        """A note at the common loudness. Outside the instrument its nearest key plays."""
        zone, sample = self._source(program, pitch)
        step = _step(zone, sample, pitch)
        looped = zone.amount(_MODE) & 1 and sample.loop[1] - sample.loop[0] > _SHORTEST_LOOP
        held = program in _BLOWN_AND_BOWED and looped
        if held:
            sample = replace(sample, wave=_evened(sample))
        first = _begins(sample, _BEGUN[held])
        if held and sample.loop[0] < _LATEST * sample.rate / 2:  # little more than an attack, which is too soft here
            first = max(first, sample.loop[0])
        wave = _resampled(_filtered(sample, zone, step), first, sample.loop if looped else None, step, length)
        wave *= _envelope(zone, length)
        loudness = float(np.sqrt(np.mean(np.square(wave[:_MEASURED]))))
        return Tone(
            wave * np.float32(_LEVEL / max(loudness, 1e-6)), min(zone.seconds(_RELEASE), _LONGEST_RELEASE[held])
        )

    def _source(self, program: int, pitch: int) -> tuple[Zone, Sample]:
        """The zone and sample that play a note, from the first soundfont that has them whole. Raises RenderError."""
        for font in self._fonts:
            try:
                zones = [zone for zone in font.zones(program) if zone.velocities[0] <= _VELOCITY <= zone.velocities[1]]
                if zones:
                    zone = min(zones, key=lambda zone: max(zone.keys[0] - pitch, pitch - zone.keys[1], 0))
                    return zone, font.sample(zone.sample)
                _log.warning("the soundfont %s has no program %d of General MIDI", font.name, program + 1)
            except RenderError as error:
                _log.warning("%s", error)
        raise RenderError(f"no soundfont has program {program + 1} of General MIDI")


def _step(zone: Zone, sample: Sample, pitch: int) -> float:
    """How many samples of the recording one sample of the sound takes."""
    root = zone.amount(_ROOT) if zone.amount(_ROOT) >= 0 else sample.root
    cents = (pitch - root) * zone.amount(_SCALE) + 100 * zone.amount(_COARSE) + zone.amount(_FINE) + sample.cents
    return float(2 ** (cents / 1200) * sample.rate / RATE)


def _filtered(sample: Sample, zone: Zone, step: float) -> Wave:
    """The recording without what the zone's filter takes away and what would be above the sound's own band."""
    cutoff = 8.176 * 2 ** (zone.amount(_CUTOFF) / 1200) / sample.rate  # cycles a sample
    spectrum = np.fft.rfft(sample.wave, 1 << (len(sample.wave) - 1).bit_length())
    cycles = np.fft.rfftfreq(2 * (len(spectrum) - 1)).astype(np.float32)
    spectrum *= 1 / np.sqrt(1 + (cycles / cutoff) ** 4)  # two poles
    spectrum[cycles > 0.48 / max(step, 1.0)] = 0
    return np.fft.irfft(spectrum)[: len(sample.wave)].astype(np.float32)


def _evened(sample: Sample) -> Wave:
    """A recording as loud all along as its loop is: in some the player's vibrato makes it swell six times a second."""
    start, end = sample.loop
    size = max(1, round(_EVENED * sample.rate))
    sums = np.cumsum(np.pad(np.square(sample.wave, dtype=np.float64), (size // 2 + 1, size - size // 2), mode="edge"))
    loudness = np.sqrt((sums[size:] - sums[:-size])[: len(sample.wave)] / size)
    usual = float(np.sqrt(np.mean(np.square(sample.wave[start:end]))))
    gain = np.clip(usual / np.maximum(loudness, 1e-9), 1 / _MOST_EVENED, _MOST_EVENED)
    evened: Wave = sample.wave * gain.astype(np.float32)
    return evened


def _begins(sample: Sample, share: float) -> int:
    """Where a recording is first as loud as `share` of the loudest moment of its beginning."""
    hop = sample.rate // 400
    beginning = sample.wave[: int(_LATEST * sample.rate) // hop * hop]
    loudness = np.sqrt(np.mean(np.square(beginning[: len(beginning) // hop * hop].reshape(-1, hop)), axis=1))
    return int(np.argmax(loudness >= share * loudness.max())) * hop if len(loudness) else 0


def _resampled(wave: Wave, first: int, loop: tuple[int, int] | None, step: float, length: int) -> Wave:
    """`length` samples of `wave`, from its sample `first`, `step` samples apart, and zeros after it.

    Interpolation is cubic (Catmull and Rom, 1974).
    """
    places = first + np.arange(length) * step
    if loop:
        start, end = loop[0], min(loop[1], len(wave))
        places = np.where(places < end, places, start + (places - start) % (end - start))
    whole = places.astype(np.int64)
    part = (places - whole).astype(np.float32)
    padded = np.concatenate([wave[:1], wave, np.zeros(3, np.float32)])
    if loop:
        padded[loop[1] + 1 : loop[1] + 4] = padded[loop[0] + 1 : loop[0] + 4]
    whole = np.minimum(whole, len(wave))
    a, b, c, d = (padded[whole + offset] for offset in range(4))
    square, cube = a - 2.5 * b + 2 * c - 0.5 * d, 0.5 * (d - a) + 1.5 * (b - c)
    read: Wave = b + part * (0.5 * (c - a) + part * (square + part * cube))
    return read


def _envelope(zone: Zone, length: int) -> Wave:
    """Attack, hold and decay to the sustained loudness."""
    attack = min(max(zone.seconds(_ATTACK), _ATTACKS[0]), _ATTACKS[1])
    decay, sustain = zone.seconds(_DECAY), min(max(zone.amount(_SUSTAIN), 0), 1000) / 10  # seconds for 100 dB, dB
    held = attack + zone.seconds(_HOLD)
    times = np.arange(length, dtype=np.float32) / RATE
    falling = np.clip((times - held) / max(decay, 1e-3) * 100, 0, sustain)
    rising = np.clip(times / attack, 0, 1)
    return (rising * 10 ** (-falling / 20)).astype(np.float32)
