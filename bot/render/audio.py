"""Score -> MP3: symusic's synthesizer with a soundfont, levelled with numpy, encoded by LAME."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import lameenc
import numpy as np
import symusic
from numpy.typing import NDArray

from bot.errors import RenderError

RATE = 44100  # samples a second
LONGEST = 240.0  # seconds; what is longer fades out there
_FADE, _TAIL = 3.0, 0.25  # seconds: a cut tune fades, a whole one dies away
_BIT_RATES = (96, 80, 64, 56, 48)  # kbit/s
_LARGEST = 1_450_000  # bytes of the file, which decide the bit rate
_PEAK, _LOUDNESS = 10 ** (-1 / 20), 10 ** (-14 / 20)  # at most -1 dBFS, as MP3 overshoots, and -14 dBFS on average
_QUALITY = 7  # LAME's: 2 is twice as slow and no better for one instrument


def mp3(score: symusic.Score) -> bytes:
    """The sound of `score` in mono, as long as the score up to `LONGEST`, at most 1.5 MB. Raises RenderError."""
    seconds = score.to("second")
    length = float(seconds.end())
    if length <= 0:
        raise RenderError("the tune has no notes to play")
    sound = _levelled(_synthesize(seconds, length))
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
    else:  # the synthesizer stops with the last note; an inaudible one after it lets it die away
        seconds.tracks[0].notes.append(symusic.Note(length, _TAIL, 60, 1, ttype="second"))
    stereo: NDArray[np.float32] = _synthesizer().render(seconds, True)
    sound: NDArray[np.float32] = stereo.mean(axis=0)
    fading = min(len(sound), round((_FADE if cut else _TAIL) * RATE))
    sound[len(sound) - fading :] *= np.linspace(1, 0, fading, dtype=np.float32)
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
