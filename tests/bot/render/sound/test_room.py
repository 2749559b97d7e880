import numpy as np

from bot.render.sound.room import TAIL, reverberation
from bot.render.sound.sampler import RATE


def test_a_click_is_answered_by_walls_and_dies_away() -> None:
    click = np.zeros(RATE, np.float32)
    click[0] = 1
    answer = reverberation(click)
    energy = np.add.reduceat(np.square(answer), range(0, RATE, RATE // 10))
    assert len(answer) == RATE
    assert 10 * np.log10(energy[0] / energy[5]) > 15
    assert energy[int(TAIL * 10) :].sum() < 1e-9
    assert np.all(np.diff(energy[:6]) < 0)


def test_the_room_stays_behind_the_players() -> None:
    noise = np.repeat(np.random.default_rng(2).standard_normal(2 * RATE), 6).astype(np.float32)
    assert -10 < 20 * np.log10(reverberation(noise).std() / noise.std()) < -5


def test_blocks_join_without_a_seam() -> None:
    steady = np.sin(2 * np.pi * 400 * np.arange(12 * RATE) / RATE).astype(np.float32)
    answer = reverberation(steady)[2 * RATE :]
    pieces = np.sqrt(np.mean(np.square(answer[: len(answer) // 2400 * 2400].reshape(-1, 2400)), axis=1))
    assert pieces.max() / pieces.min() < 1.02


def test_silence_stays_silent() -> None:
    assert not reverberation(np.zeros(5 * RATE, np.float32)).any()
