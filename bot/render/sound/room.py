"""A room around the band: convolution with the impulse response of a small hall, computed from its walls.

The response is that of a box-shaped room by the image-source method (Allen and Berkley, Journal of the Acoustical
Society of America 65, 1979) up to 40 ms, and diffuse sound after it: noise that decays as Sabine's formula says for its
volume and its walls, which take more from high notes than from low ones. It is computed and applied at a third of the
sound's rate, for walls leave little above 4 kHz, by overlapping blocks of the Fourier transform.
"""

from collections.abc import Iterator
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from bot.render.sound.sampler import RATE
from bot.render.sound.soundfont import Wave

TAIL = 0.9  # seconds
_FEWER = 3  # samples of the sound to one of the room's
_RATE = RATE // _FEWER
_SIZE = np.array([9.0, 6.5, 3.2])  # metres: the back room of a pub
_PLAYERS, _LISTENER = np.array([2.1, 3.0, 1.2]), np.array([4.0, 3.5, 1.4])
_SPEED = 343.0  # metres a second
_REFLECTED = 0.72  # of a wave's pressure, by each wall
_EARLY = 0.04  # seconds
_DECAYS = ((150, 500, 0.75), (500, 2000, 0.6), (2000, 4000, 0.4))  # Hz from, to, seconds for 60 dB
_DIFFUSE = 0.05  # loudness of the diffuse sound where it begins, to the direct sound's
_HEARD = 0.33  # of the room, by microphones near the players: 8 dB below them
_BLOCK = 1 << 15


def reverberation(dry: Wave) -> Wave:
    """What the room adds to `dry`, as long as it, at its rate."""
    whole = len(dry) // _FEWER * _FEWER  # slices: NumPy's mean over rows of three takes ten times as long
    few = sum((dry[first:whole:_FEWER] for first in range(1, _FEWER)), dry[0:whole:_FEWER]) / np.float32(_FEWER)
    wet = np.zeros(len(few) + _BLOCK, np.float32)
    spectrum, hop = _spectrum(), _BLOCK - len(_response())
    for start in range(0, len(few), hop):
        wet[start : start + _BLOCK] += np.fft.irfft(np.fft.rfft(few[start : start + hop], _BLOCK) * spectrum)
    return _interpolated(wet, len(dry))


def _interpolated(few: Wave, length: int) -> Wave:
    """`length` samples, those of `few` and straight lines between them."""
    full = np.empty(length, np.float32)
    slope = (few[1:] - few[:-1]) / np.float32(_FEWER)
    for step in range(_FEWER):
        places = full[step::_FEWER]
        places[:] = few[: len(places)] + np.float32(step) * slope[: len(places)]
    return full


@cache
def _spectrum() -> NDArray[np.complex64]:
    return np.fft.rfft(_response(), _BLOCK).astype(np.complex64)


@cache
def _response() -> Wave:
    """The room's answer to a click, without the click itself."""
    response = np.zeros(int(TAIL * _RATE), np.float32)
    for delay, loudness in _images():
        response[delay] += loudness
    return np.float32(_HEARD) * (response + _diffuse(len(response)))


def _images() -> Iterator[tuple[int, float]]:
    """Delay in samples and loudness of each early reflection, to the direct sound."""
    direct = float(np.linalg.norm(_LISTENER - _PLAYERS))
    for orders in product(range(-4, 5), repeat=3):
        walls = sum(map(abs, orders))
        mirrored = [
            order * size + (place if order % 2 == 0 else size - place)
            for order, size, place in zip(orders, _SIZE, _PLAYERS, strict=True)
        ]
        path = float(np.linalg.norm(_LISTENER - np.array(mirrored)))
        later = (path - direct) / _SPEED
        if walls and later < _EARLY:
            yield round(later * _RATE), _REFLECTED**walls * direct / path


def _diffuse(length: int) -> Wave:
    noise = np.random.default_rng(1).standard_normal(length)  # always the same room
    times, frequencies = np.arange(length) / _RATE, np.fft.rfftfreq(length, 1 / _RATE)
    spectrum = np.fft.rfft(noise)
    sound = np.zeros(length)
    for low, high, seconds in _DECAYS:
        band = np.fft.irfft(np.where((frequencies >= low) & (frequencies < high), spectrum, 0), length)
        sound += band * 10 ** (-3 * times / seconds)
    rising = np.clip((times - _EARLY / 2) / _EARLY, 0, 1)
    return (_DIFFUSE * rising * sound).astype(np.float32)
