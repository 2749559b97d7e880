"""The band behind the melody: guitar or bouzouki, bass and bodhrán, from the tune's chords and its dance's patterns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from bot.render.performance.accompaniment import Dance, Patterns
from bot.render.performance.players import Player, Sound
from bot.render.performance.swing import PlayedBar, Swing, ticks
from bot.render.performance.voicings import BOUZOUKI, GUITAR, near, step_towards, voice_led
from model.music.chord_symbols import ChordTones, chord_tones
from model.music.grid import GRID, units
from model.music.tune import Tune

_EIGHTH = GRID // 8
_BASS = (28, 45)  # MIDI: E1 to A2
_STEEL_GUITAR, _NYLON_GUITAR, _ACOUSTIC_BASS, _MELODIC_TOM = 25, 24, 32, 117  # General MIDI programs, counted from 0
_LOW, _HIGH = 41, 46  # the bodhrán's notes: an open stroke and one with the hand on the skin
_LOUDNESS = {"B": 62, "b": 56, "D": 66, "d": 54, "u": 48, "1": 58, "2": 54, "3": 56}
_BASS_LOUDNESS = {"r": 74, "f": 64, "n": 60}
_DRUM_LOUDNESS = {"X": 74, "x": 56, "o": 38}
_STRING = 9  # ticks from one string of a strum to the next at 960 to a quarter: some 3 to 5 ms
_PHRASE = 4  # bars


class Stroke(NamedTuple):
    """A sign of a pattern, when it sounds and until when the next one does, in ticks, with the chord of that moment."""

    sign: str
    start: int
    end: int
    chord: ChordTones


@dataclass(frozen=True)
class Accompaniment:
    """What the band plays along with. `last` is when the melody's last note begins, `end` when it ends, in ticks."""

    tune: Tune
    bars: Sequence[PlayedBar]
    dance: Dance
    swing: Swing
    last: int
    end: int
    seed: int


def band(music: Accompaniment) -> list[Player]:
    """Guitar or bouzouki, bass, and bodhrán where the dance has a drum. A tune without chord symbols has no band."""
    if not any(bar.chords for bar in music.tune.bars):
        return []
    players = [_guitar(music), Player("Bass", _ACOUSTIC_BASS, tuple(_bass(music)))]
    if music.dance.drum:
        players.append(Player("Bodhrán", _MELODIC_TOM, tuple(_bodhran(music, music.dance.drum))))
    return players


def _guitar(music: Accompaniment) -> Player:
    bouzouki = Random(f"{music.seed} guitar or bouzouki").random() < 0.4 and "B" not in music.dance.guitar.first
    reach, thirds = (BOUZOUKI, False) if bouzouki else (GUITAR, True)
    sounds: list[Sound] = []
    voicing: tuple[int, ...] | None = None
    chord: ChordTones | None = None
    for stroke in _strokes(music, music.dance.guitar, "D"):
        if stroke.chord != chord:
            voicing, chord = voice_led(stroke.chord, voicing, reach, thirds), stroke.chord
        assert voicing is not None
        sounds += _strummed(stroke, voicing)
    return Player(
        "Bouzouki" if bouzouki else "Guitar", _STEEL_GUITAR if music.dance.drum else _NYLON_GUITAR, tuple(sounds)
    )


def _strummed(stroke: Stroke, voicing: tuple[int, ...]) -> Iterator[Sound]:
    """The strings of a stroke, one after the other; the first sounds on its time."""
    loudness = _LOUDNESS[stroke.sign]
    bass, fifth = voicing[0] - 12, near((stroke.chord.root + 7) % 12, voicing[0] - 9, (40, 52))
    strings = {
        "B": (near(stroke.chord.bass, bass, (40, 52)),),
        "b": (fifth,),
        "D": voicing,
        "d": voicing[1:],
        "u": voicing[:0:-1],
        "1": voicing[1:2],
        "2": voicing[3:4],
        "3": voicing[2:3],
    }[stroke.sign]
    for number, pitch in enumerate(strings):
        start = min(stroke.start + number * _STRING, stroke.end - 1)
        yield Sound(start, stroke.end, pitch, loudness - 2 * number)


def _bass(music: Accompaniment) -> Iterator[Sound]:
    strokes = _strokes(music, music.dance.bass, "r")
    scale = music.tune.key.scale
    before = 36
    for number, stroke in enumerate(strokes):
        root = near(stroke.chord.bass, before, _BASS)
        pitch = root
        if stroke.sign == "f":
            pitch = near(next(iter(stroke.chord.tones[2:3]), stroke.chord.root), root, _BASS)
        elif stroke.sign == "n" and number + 1 < len(strokes):
            pitch = step_towards(near(strokes[number + 1].chord.bass, root, _BASS), scale, _BASS)
        yield Sound(stroke.start, max(stroke.start + 1, stroke.end - _STRING), pitch, _BASS_LOUDNESS[stroke.sign])
        before = root


def _bodhran(music: Accompaniment, patterns: Patterns) -> Iterator[Sound]:
    chance = Random(f"{music.seed} bodhrán")
    for stroke in _strokes(music, patterns, "X"):
        pitch = _HIGH if stroke.sign == "o" else _LOW
        yield Sound(stroke.start, stroke.end, pitch, _DRUM_LOUDNESS[stroke.sign] + chance.randint(-4, 4))


def _strokes(music: Accompaniment, patterns: Patterns, ending: str) -> list[Stroke]:
    """The strokes of the whole tune, of which the last, `ending`, begins and ends with the melody's last note."""
    found: list[Stroke] = []
    chord: ChordTones | None = None
    for number, bar in enumerate(music.bars):
        pattern = patterns.turn if number % _PHRASE == _PHRASE - 1 else patterns.again if bar.time else patterns.first
        symbols = [(ticks(units(symbol.at)), symbol.name) for symbol in music.tune.bars[bar.bar].chords]
        swung = music.swing.edges([eighth * _EIGHTH for eighth in range(len(pattern))])
        for eighth, sign in enumerate(pattern):
            written = ticks(eighth * _EIGHTH) - bar.place  # from where the bar's first note begins
            if not 0 <= written < bar.length:
                continue
            here = next((name for at, name in reversed(symbols) if at <= written), "")
            chord = chord_tones(here) if here else chord
            start = bar.start + ticks(swung[eighth])
            if chord and sign != "." and start < music.last:
                found.append(Stroke(sign, start, start, chord))
    if chord:
        found.append(Stroke(ending, music.last, music.end, chord))
    ends = [*(stroke.start for stroke in found[1:]), music.end]
    return [stroke._replace(end=end) for stroke, end in zip(found, ends, strict=True)]
