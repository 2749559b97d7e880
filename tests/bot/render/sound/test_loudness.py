import numpy as np
import pyloudnorm
import pytest
from numpy.typing import NDArray

from bot.render.sound.loudness import LOUDNESS, levelled, limited, loudness
from bot.render.sound.sampler import RATE
from bot.render.sound.soundfont import Wave

LIBRARY = pyloudnorm.Meter(RATE)


def sounds() -> dict[str, Wave]:
    chance = np.random.default_rng(3)
    times = np.arange(20 * RATE) / RATE
    plucked = np.zeros(len(times))
    for start in np.arange(0, 20, 0.5):
        plucked += np.where(times >= start, np.exp(-4 * np.maximum(times - start, 0)), 0) * np.sin(
            2 * np.pi * 330 * (times - start)
        )
    return {
        "tone": 0.1 * np.sin(2 * np.pi * 1000 * times).astype(np.float32),
        "bass": 0.3 * np.sin(2 * np.pi * 60 * times).astype(np.float32),
        "noise": (0.05 * _pink(len(times), chance)).astype(np.float32),
        "plucked": (0.4 * plucked).astype(np.float32),
        "half silent": (0.1 * np.sin(2 * np.pi * 500 * times) * (times > 10)).astype(np.float32),
    }


def _pink(length: int, chance: np.random.Generator) -> NDArray[np.float64]:
    """Noise with as much in each octave: music has no more than that above 6 kHz."""
    spectrum = np.fft.rfft(chance.standard_normal(length)) / np.sqrt(np.arange(1, length // 2 + 2))
    noise = np.fft.irfft(spectrum, length)
    louder: NDArray[np.float64] = noise / noise.std()
    return louder


@pytest.mark.parametrize("name", ["tone", "bass", "plucked", "half silent"])
def test_it_measures_what_the_library_measures(name: str) -> None:
    sound = sounds()[name]
    assert loudness(sound) == pytest.approx(LIBRARY.integrated_loudness(sound.astype(float)), abs=0.4)


def test_silence_is_measured_and_levelled() -> None:
    assert loudness(np.zeros(RATE, np.float32)) == -70
    assert not levelled(np.zeros(RATE, np.float32)).any()


@pytest.mark.parametrize("name", ["tone", "noise", "plucked"])
@pytest.mark.parametrize("gain", [0.01, 1.0, 5.0])
def test_whatever_its_loudness_a_sound_is_levelled(name: str, gain: float) -> None:
    sound = levelled(sounds()[name] * np.float32(gain))
    assert LIBRARY.integrated_loudness(sound.astype(float)) == pytest.approx(LOUDNESS, abs=1)
    assert np.abs(sound).max() <= 10 ** (-2 / 20) + 1e-4


def test_the_limiter_leaves_quiet_places_alone_and_holds_each_peak() -> None:
    sound = (0.2 * np.sin(2 * np.pi * 300 * np.arange(RATE) / RATE)).astype(np.float32)
    sound[RATE // 2] = 3.0
    held = limited(sound)
    assert np.abs(held).max() <= 10 ** (-2 / 20) + 1e-6
    far = np.abs(np.arange(RATE) - RATE // 2) > RATE // 40
    assert np.array_equal(held[far], sound[far])
    assert limited(held) is held
