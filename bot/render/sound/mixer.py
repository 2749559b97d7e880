"""Performance -> sound in mono: every player's notes, the melody in front, in a room."""

from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np

from bot.render.performance.players import Performance, Player, Sound
from bot.render.sound.room import TAIL, reverberation
from bot.render.sound.sampler import RATE, Sampler
from bot.render.sound.soundfont import Wave

LONGEST = 240.0  # seconds; what is longer fades out there
_FADE = 3.0  # seconds
_SHORTEST_RELEASE, _LONGEST_RELEASE = 0.04, 0.4  # seconds
_STRUM = 60  # ticks
_LEVELS = {"Guitar": 0.45, "Bouzouki": 0.4, "Bass": 0.55, "Bodhrán": 0.5}  # to the melody's


def mixed(performance: Performance, sampler: Sampler) -> Wave:
    """The sound of a performance, with what the room adds; cut and faded after `LONGEST`. Its loudness is any."""
    per_tick = RATE / performance.ticks_a_second
    whole = round(performance.end * per_tick)
    length = min(whole, round(LONGEST * RATE))
    sound = np.zeros(length + round(TAIL * RATE), np.float32)
    for player in performance.players:
        _play(player, sampler, per_tick, sound)
    sound += reverberation(sound)
    if whole > length:
        sound = sound[:length]
        sound[-round(_FADE * RATE) :] *= np.linspace(1, 0, round(_FADE * RATE), dtype=np.float32)
    return sound


def _play(player: Player, sampler: Sampler, per_tick: float, out: Wave) -> None:
    """Add a player's notes to `out`. The notes of a strum sound as one, which is kept for the next like it."""
    level = _LEVELS.get(player.name, 1.0) / 127**2
    strums: dict[tuple[tuple[int, ...], ...], Wave] = {}
    for strum in _strums(player.sounds):
        first = round(strum[0].start * per_tick)
        if first >= len(out):
            break
        key = tuple((sound.start - strum[0].start, sound.end - sound.start, *sound[2:]) for sound in strum)
        if key not in strums:
            strums[key] = _sounded(strum, player.program, sampler, per_tick) * np.float32(level)
        wave = strums[key]
        out[first : first + len(wave)] += wave[: len(out) - first]


def _strums(sounds: Sequence[Sound]) -> Iterator[list[Sound]]:
    """Sounds that begin almost together, as groups."""
    group: list[Sound] = []
    for sound in sounds:
        if group and sound.start - group[0].start > _STRUM:
            yield group
            group = []
        group.append(sound)
    yield group


def _sounded(strum: Sequence[Sound], program: int, sampler: Sampler, per_tick: float) -> Wave:
    """The sum of a strum's notes, with what rings on, before the player's level."""
    waves = []
    for start, end, pitch, velocity in strum:
        samples = max(1, round((end - start) * per_tick))
        tone = sampler.tone(program, pitch, samples + round(_LONGEST_RELEASE * RATE))
        fading = _fading(min(max(tone.release, _SHORTEST_RELEASE), _LONGEST_RELEASE))
        wave = tone.wave[: samples + len(fading)] * np.float32(velocity**2)
        wave[samples:] *= fading[: len(wave) - samples]
        waves.append((round((start - strum[0].start) * per_tick), wave))
    total = np.zeros(max(offset + len(wave) for offset, wave in waves), np.float32)
    for offset, wave in waves:
        total[offset : offset + len(wave)] += wave
    return total


@cache
def _fading(seconds: float) -> Wave:
    """How a note dies away in so many seconds: by 40 dB, and then to nothing."""
    share = np.linspace(0, 1, round(seconds * RATE), dtype=np.float32)
    return (10 ** (-2 * share) * (1 - share)).astype(np.float32)
