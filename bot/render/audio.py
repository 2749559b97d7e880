"""Score -> MP3: symusic's synthesizer with a soundfont, levelled with numpy, encoded by LAME."""

import math
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import lameenc
import numpy as np
import symusic
from numpy.typing import NDArray

from bot.core.errors import RenderError

RATE = 32000  # samples a second: half the work of 48000 and more than one instrument fills
LONGEST = 240.0  # seconds; what is longer fades out there
_FADE, _TAIL = 3.0, 0.3  # seconds: a cut tune fades, a whole one dies away
_BIT_RATES = (96, 80, 64, 56, 48)  # kbit/s
_LARGEST = 1_450_000  # bytes of the file, which decide the bit rate
_PEAK, _LOUDNESS = 10 ** (-1 / 20), 10 ** (-14 / 20)  # at most -1 dBFS, as MP3 overshoots, and -14 dBFS on average
_QUALITY = 7  # LAME's: 5 takes twice as long
_VIOLIN, _FIDDLE = 40, 110  # General MIDI programs, counted from 0
_SOFTEN = np.array([1, 6, 15, 20, 15, 6, 1], np.float32) / 64  # -4 dB at 4 kHz, -18 dB at 8 kHz
_ECHOES = (11, 17, 23, 31, 41, 53, 67, 79, 97, 113, 131, 149, 173, 199)  # milliseconds; primes do not add up to a pitch
_FIRST_ECHO, _DECAY = 0.15, 90.0  # loudness, and the milliseconds in which it falls to 1/e


def mp3(score: symusic.Score) -> bytes:
    """The sound of `score` in mono, as long as the score up to `LONGEST`, at most 1.5 MB. Raises RenderError."""
    if not score.note_num():
        raise RenderError("the tune has no notes to play")
    seconds = score.to("second")
    sound = _levelled(_synthesize(seconds, float(seconds.end())))
    bits = len(sound) / RATE * 1000
    rate = next((rate for rate in _BIT_RATES if rate * bits / 8 <= _LARGEST), _BIT_RATES[-1])
    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_channels(1)
    encoder.set_in_sample_rate(RATE)
    encoder.set_bit_rate(rate)
    encoder.set_quality(_QUALITY)
    samples = np.round(sound * 32767).astype("<i2").tobytes()
    return bytes(encoder.encode(samples)) + bytes(encoder.flush())


def _synthesize(seconds: Any, length: float) -> NDArray[np.float32]:
    """Both channels mixed, as long as the notes and a short tail, with its end faded."""
    cut = length > LONGEST
    if cut:
        seconds = seconds.clip(0.0, LONGEST, True)
    for track in seconds.tracks:
        if track.program == _VIOLIN:  # this synthesizer plays the soundfont's violin as a tremolo, five times a second
            track.program = _FIDDLE
        if not cut:  # it stops with the last note; an inaudible one after it makes room for the tail
            track.notes.append(symusic.Note(length, _TAIL, 60, 1, ttype="second"))
    stereo: NDArray[np.float32] = _synthesizer().render(seconds, True)
    sound = _in_a_room((stereo[0] + stereo[1]) / 2)  # NumPy's mean over two rows takes ten times as long
    fading = min(len(sound), round((_FADE if cut else _TAIL) * RATE))
    sound[len(sound) - fading :] *= np.linspace(1, 0, fading, dtype=np.float32)
    return sound


def _in_a_room(dry: NDArray[np.float32]) -> NDArray[np.float32]:
    """The bare synthesizer is shrill and its notes stop dead: take the edge off and let the walls answer."""
    soft = np.convolve(dry, _SOFTEN, "same").astype(np.float32)
    sound = soft.copy()
    for number, milliseconds in enumerate(_ECHOES):
        delay = milliseconds * RATE // 1000
        gain = (-1) ** number * _FIRST_ECHO * math.exp(-milliseconds / _DECAY)
        sound[delay:] += np.float32(gain) * soft[:-delay]
    return sound


def _levelled(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    peak, average = float(np.abs(sound).max()), float(np.sqrt(np.mean(np.square(sound))))
    return sound * np.float32(min(_PEAK / max(peak, 1e-6), _LOUDNESS / max(average, 1e-6)))


@cache
def _synthesizer() -> Any:
    """The soundfont lies in the wheel of pretty_midi, which need not be imported for it."""
    found = find_spec("pretty_midi")
    if found is None or found.origin is None:
        raise RenderError("pretty_midi, whose soundfont the tunes are played with, is not installed")
    return symusic.Synthesizer(str(Path(found.origin).parent / "TimGM6mb.sf2"), RATE, 0)
