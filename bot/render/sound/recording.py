"""Performance -> MP3: played by a sampler, levelled, encoded by LAME."""

import struct

import lameenc
import numpy as np

from bot.render.performance.players import Performance
from bot.render.sound.loudness import levelled
from bot.render.sound.mixer import mixed
from bot.render.sound.sampler import RATE, Sampler

_BIT_RATES = (64, 56, 48, 40, 32)  # kbit/s, in mono: stereo takes LAME two and a half times as long
_LARGEST = 1_450_000  # bytes of the file, which decide the bit rate
_QUALITY = 7  # LAME's: 5 takes twice as long
_LAME = 0.95  # by which LAME softens what it encodes
_DELAY, _FRAME = 576, 576  # samples that LAME puts before the sound, and samples of a frame at RATE


def mp3(performance: Performance, sampler: Sampler) -> bytes:
    """The sound of `performance` in mono at -14 LUFS, at most 1.5 MB. Raises RenderError where a program is missing."""
    sound = levelled(mixed(performance, sampler))
    rate = next((rate for rate in _BIT_RATES if rate * 125 * len(sound) / RATE <= _LARGEST), _BIT_RATES[-1])
    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_channels(1)
    encoder.set_in_sample_rate(RATE)
    encoder.set_bit_rate(rate)
    encoder.set_quality(_QUALITY)
    samples = np.round(sound * np.float32(32767 / _LAME)).astype("<i2").tobytes()
    data = bytes(encoder.encode(samples)) + bytes(encoder.flush())
    return _length_frame(data, rate, len(sound)) + data


def _length_frame(data: bytes, rate: int, samples: int) -> bytes:
    """The silent first frame that tells players how much before and after the sound is not part of it.

    Without this LAME tag (gabriel.mp3-tech.org/mp3infotag.html), which lameenc does not write, all sounds 46 ms late.
    """
    size = _FRAME // 8 * rate * 1000 // RATE
    frames = round(len(data) / size)
    padding = max(0, min(frames * _FRAME - _DELAY - samples, 4095))
    info = struct.pack(">4sIII", b"Info", 3, frames, len(data) + size)
    lame = struct.pack(">9s12xI", b"LAME3.100", _DELAY << 20 | padding << 8)
    return (data[:4] + bytes(9) + info + lame).ljust(size, b"\0")
