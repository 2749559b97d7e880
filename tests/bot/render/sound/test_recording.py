"""The sound as it is heard: every figure is measured in the decoded MP3."""

import io
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyloudnorm
import pytest
import soundfile
from numpy.typing import NDArray

from bot.core.rendering import Playing
from bot.render.performance.perform import perform
from bot.render.performance.players import Performance
from bot.render.reading import read
from bot.render.sound.mixer import LONGEST
from bot.render.sound.recording import mp3
from bot.render.sound.soundfonts import sampler
from model.music.instruments import INSTRUMENTS
from model.music.rhythm import RHYTHMS
from tests.bot.render.tunes import HORNPIPE, JIG, REEL

HEADER = "X:1\nT:Test\nM:4/4\nL:1/8\nK:D\n"
TUNES = {"jig": JIG, "hornpipe": HORNPIPE, "reel": REEL}
Sound = NDArray[np.float64]


@dataclass(frozen=True)
class Heard:
    performance: Performance
    mp3: bytes
    sound: Sound
    rate: int

    @property
    def seconds(self) -> float:
        return len(self.sound) / self.rate


@cache
def heard(abc: str, playing: Playing = Playing()) -> Heard:  # noqa: B008
    performance = perform(read(abc), playing)
    data = mp3(performance, sampler())
    sound, rate = soundfile.read(io.BytesIO(data))
    assert sound.ndim == 1
    return Heard(performance, data, sound, rate)


def true_peak(sound: Sound) -> float:
    """dBTP: of the sound at four times its rate."""
    spectrum = np.fft.rfft(sound)
    finer = np.fft.irfft(spectrum, 4 * len(sound)) * 4
    return float(20 * np.log10(np.abs(finer).max()))


def quietest_second(sound: Sound, rate: int) -> float:
    """Decibels of the quietest second that begins at any tenth of one."""
    tenths = np.mean(np.square(sound[: len(sound) // (rate // 10) * (rate // 10)].reshape(-1, rate // 10)), axis=1)
    seconds = np.convolve(tenths, np.full(10, 0.1), "valid")
    return float(10 * np.log10(seconds.min() + 1e-12))


PLAYINGS = [
    *((name, Playing(band=band)) for name in TUNES for band in (True, False)),
    *(("reel", Playing(instrument=name, band=band)) for name in INSTRUMENTS for band in (True, False)),
]


@pytest.mark.parametrize(("name", "playing"), PLAYINGS, ids=str)
def test_it_is_as_loud_as_streaming_services_play_and_never_clips(name: str, playing: Playing) -> None:
    music = heard(TUNES[name], playing)
    loudness = pyloudnorm.Meter(music.rate).integrated_loudness(music.sound)
    assert loudness == pytest.approx(-14, abs=1)
    assert true_peak(music.sound) <= -1
    assert (
        quietest_second(
            music.sound[: round(music.performance.end / music.performance.ticks_a_second) * music.rate], music.rate
        )
        > -40
    )


@pytest.mark.parametrize("name", TUNES)
def test_a_tune_of_32_bars_takes_under_a_megabyte_and_lasts_as_its_midi(name: str) -> None:
    music = heard(TUNES[name])
    assert len(music.mp3) < 1_000_000
    assert music.seconds == pytest.approx(music.performance.end / music.performance.ticks_a_second, abs=1.2)


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_every_dance_is_heard(rhythm: str) -> None:
    metre = RHYTHMS[rhythm].metre
    bar = (
        "defe"
        if metre.length <= 0.5
        else "def edB"
        if metre.length == 0.75
        else "def edB AFD"
        if metre.beats == 9
        else "dfaf edcB"
    )
    music = heard(f"X:1\nT:Test\nR:{rhythm}\nM:{metre}\nL:1/8\nK:D\n|:{'|'.join([bar] * 4)}:|\n")
    assert pyloudnorm.Meter(music.rate).integrated_loudness(music.sound) == pytest.approx(-14, abs=1)
    assert true_peak(music.sound) <= -1


def onsets(sound: Sound, rate: int, wanted: Sound) -> Sound:
    """When each note that follows a silence is first half as loud as it gets, in seconds; `wanted` is about when."""
    hop = rate // 500
    loudness = np.sqrt(np.mean(np.square(sound[: len(sound) // hop * hop].reshape(-1, hop)), axis=1))
    found = []
    for time in wanted:
        first = max(0, round((time - 0.1) * rate / hop))
        note = loudness[first : first + rate // hop // 3]
        found.append((first + int(np.flatnonzero(note > note.max() / 2)[0])) * hop / rate)
    return np.array(found)


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_notes_begin_when_the_midi_says_within_20_ms(instrument: str) -> None:
    scale = "D2z2z2E2|z4F2z2|z2G2z4|A2z4B2|z4c2z2|z2d2z4|e2z4f2|z4g2z2|"
    music = heard(HEADER.replace("T:Test", "T:Scale\nQ:1/4=120") + scale, Playing(None, instrument, False))
    wanted = np.array([sound.start for sound in music.performance.players[0].sounds]) / music.performance.ticks_a_second
    late = onsets(music.sound, music.rate, wanted) - wanted
    assert np.abs(late).max() < 0.02


def test_the_melody_is_in_front_of_the_band() -> None:
    music = heard(REEL)
    alone = [
        pyloudnorm.Meter(music.rate).integrated_loudness(sound)
        for sound in (unlevelled(music.performance, [0]), unlevelled(music.performance, [1, 2, 3]))
    ]
    assert alone[0] > alone[1] + 1


def unlevelled(performance: Performance, players: list[int]) -> Sound:
    from bot.render.sound.mixer import mixed

    chosen = Performance(performance.quarters, tuple(performance.players[index] for index in players), performance.tune)
    return mixed(chosen, sampler()).astype(float)


def test_a_very_long_tune_stays_small_and_fades_out() -> None:
    music = heard(HEADER + "dcBA d4|" * 300)
    assert len(music.mp3) < 1_500_000
    assert music.seconds == pytest.approx(LONGEST, abs=0.5)
    assert quietest_second(music.sound[-music.rate :], music.rate) < quietest_second(music.sound, music.rate) + 1
    assert np.abs(music.sound[-music.rate // 20 :]).max() < 0.02


def test_the_same_tune_sounds_the_same() -> None:
    performance = perform(read(REEL))
    assert mp3(performance, sampler()) == mp3(performance, sampler())
