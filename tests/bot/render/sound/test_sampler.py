import logging
from pathlib import Path

import numpy as np
import pytest

from bot.core.errors import RenderError
from bot.render.sound.sampler import RATE, Sampler
from bot.render.sound.soundfont import SoundFont, Wave
from bot.render.sound.soundfonts import sampler
from model.music.instruments import INSTRUMENTS
from tests.bot.render.sound.small_soundfont import small_soundfont

SUSTAINED = ("fiddle", "flute", "whistle", "accordion", "concertina", "pipes")
PLUCKED = ("banjo", "mandolin", "harp", "piano")


def small(folder: Path, name: str = "small.sf2", program: int = 73, **options: int) -> SoundFont:
    (folder / name).write_bytes(small_soundfont(program, **options))  # type: ignore[arg-type]
    return SoundFont(folder / name)


def frequency(wave: Wave) -> float:
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    return float(spectrum.argmax()) * RATE / len(wave)


def loudness(wave: Wave, seconds: float = 0.05) -> Wave:
    """Decibels of each piece of so many seconds."""
    size = round(seconds * RATE)
    pieces = wave[: len(wave) // size * size].reshape(-1, size)
    decibels: Wave = 20 * np.log10(np.sqrt(np.mean(np.square(pieces), axis=1)) + 1e-7)
    return decibels


@pytest.mark.parametrize("pitch", [45, 69, 76, 93])
def test_a_note_has_its_pitch_and_lasts(tmp_path: Path, pitch: int) -> None:
    wave = Sampler([small(tmp_path)]).tone(73, pitch, 3 * RATE).wave[: 3 * RATE]
    assert frequency(wave) == pytest.approx(441 * 2 ** ((pitch - 69) / 12), rel=0.002)
    held = loudness(wave)[2:]
    assert held.max() - held.min() < 0.5


def test_zones_out_of_tune_with_each_other_do_not_beat(tmp_path: Path) -> None:
    held = loudness(Sampler([small(tmp_path, copies=3)]).tone(73, 69, 2 * RATE).wave)[2:]
    assert held.max() - held.min() < 0.5


def test_a_decay_is_kept(tmp_path: Path) -> None:
    falling = loudness(Sampler([small(tmp_path, decay=1200)]).tone(73, 69, RATE).wave[:RATE], 0.25)
    assert np.diff(falling) == pytest.approx(np.full(3, -12.5), abs=1.5)  # 100 dB in two seconds


def test_what_a_soundfont_lacks_the_next_one_plays(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    lacking, whole = small(tmp_path, "lacking.sf2", 5), small(tmp_path, "whole.sf2", 73)
    with caplog.at_level(logging.WARNING):
        assert Sampler([lacking, whole]).tone(73, 69, RATE).wave.any()
    assert "lacking.sf2 has no program 74" in caplog.text
    with pytest.raises(RenderError, match="program 1 of General MIDI"):
        Sampler([lacking, whole]).tone(0, 69, RATE)


@pytest.mark.parametrize("name", SUSTAINED)
def test_what_blows_or_bows_holds_its_notes_without_a_tremolo(name: str) -> None:
    wave = sampler().tone(INSTRUMENTS[name].program, 74, 2 * RATE).wave
    held = loudness(wave[: 2 * RATE], 0.04)[5:]
    assert held.max() - held.min() < 6
    waves = np.abs(np.fft.rfft(held - held.mean())) / len(held) * 2
    rates = np.fft.rfftfreq(len(held), 0.04)
    assert waves[(rates > 3) & (rates < 9)].max() < 1  # dB


@pytest.mark.parametrize("name", PLUCKED)
def test_what_is_plucked_or_struck_dies_away(name: str) -> None:
    falling = loudness(sampler().tone(INSTRUMENTS[name].program, 74, 2 * RATE).wave[: 2 * RATE], 0.2)
    assert falling[0] - falling[-1] > 12


@pytest.mark.parametrize("name", [*SUSTAINED, *PLUCKED])
def test_notes_begin_at_once_and_are_about_as_loud_as_each_other(name: str) -> None:
    wave = sampler().tone(INSTRUMENTS[name].program, 72, RATE).wave
    pieces = loudness(wave[:RATE], 0.01)
    assert pieces[:8].max() > pieces[:30].max() - 6
    assert loudness(wave[: RATE // 3], 1 / 3)[0] == pytest.approx(-20, abs=1)
