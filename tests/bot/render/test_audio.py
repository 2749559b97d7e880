import io

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from bot.core.errors import RenderError
from bot.render import audio, midi
from model.music.abc_reader import parse
from tests.bot.render.tunes import HORNPIPE, JIG, REEL

HEADER = "X:1\nT:Test\nM:4/4\nL:1/8\nK:D\n"


def heard(mp3: bytes) -> tuple[NDArray[np.float64], int]:
    sound, rate = soundfile.read(io.BytesIO(mp3))
    assert sound.ndim == 1
    return sound, rate


def decibels(sound: NDArray[np.float64]) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(np.square(sound))) + 1e-9))


@pytest.mark.parametrize("abc", [JIG, HORNPIPE, REEL])
def test_the_sound_is_as_long_as_the_midi_and_neither_silent_nor_clipped(abc: str) -> None:
    score = midi.perform(parse(abc))
    data = audio.mp3(score)
    sound, rate = heard(data)
    assert len(data) < 1_000_000
    assert len(sound) / rate == pytest.approx(score.to("second").end(), abs=0.5)
    assert np.abs(sound).max() < 0.99
    assert -18 < decibels(sound) < -12
    seconds = sound[: len(sound) // rate * rate].reshape(-1, rate)
    assert min(map(decibels, seconds)) > -30


@pytest.mark.parametrize("rhythm", ["reel", "hornpipe"])  # fiddle and accordion
def test_a_long_note_is_held(rhythm: str) -> None:
    sound, rate = heard(
        audio.mp3(midi.perform(parse(f"{HEADER}R:{rhythm}\nd8|".replace("K:D\nR", "R").replace("\nd", "\nK:D\nd"))))
    )
    held = sound[rate // 5 : rate].reshape(-1, rate // 25)
    assert max(map(decibels, held)) - min(map(decibels, held)) < 6


def test_a_very_long_tune_stays_small_and_fades_out() -> None:
    data = audio.mp3(midi.perform(parse(HEADER + "dcBA d4|" * 300)))
    sound, rate = heard(data)
    assert len(data) < 1_500_000
    assert len(sound) / rate == pytest.approx(audio.LONGEST, abs=0.5)
    assert decibels(sound[-rate // 10 :]) < -40


def test_a_tune_of_rests_has_no_sound() -> None:
    with pytest.raises(RenderError, match="no notes"):
        audio.mp3(midi.perform(parse(HEADER + "z8|")))


def test_the_same_tune_sounds_the_same() -> None:
    score = midi.perform(parse(REEL))
    assert audio.mp3(score) == audio.mp3(score)
