"""The melody as a fiddler plays it: accents of the dance, phrases that swell a little, ornaments the second time."""

from collections.abc import Iterator, Sequence
from random import Random

from bot.render.performance.accompaniment import Dance
from bot.render.performance.ornaments import Played, Style, ornamented
from bot.render.performance.players import Sound
from bot.render.performance.swing import Note
from model.music.grid import GRID
from model.music.instruments import Instrument

_SOFTEST = 76  # velocity
_ACCENT = 3  # velocity for each step of a dance's accents
_SWELL = (-3, 0, 3, 1)  # velocity in the four bars of a phrase
_SPREAD = 2  # velocity by which notes differ by chance
_LATE = 5  # ticks at most by which chance moves a note that is not on a beat: some 2 ms
_GAP = {"whistle": 0.94, "flute": 0.95, "harp": 1.0, "piano": 0.97, "pipes": 1.0}  # share of a note that sounds
_USUAL_GAP = 0.95


def melody(notes: Sequence[Note], dance: Dance, style: Style, instrument: Instrument, chance: Random) -> list[Sound]:
    """The notes as they sound; what begins on a beat begins exactly there."""
    played = ornamented(list(_accented(notes, dance, chance)), style, chance)
    share = _GAP.get(instrument.name, _USUAL_GAP)
    sounds = []
    for note in played:
        end = note.end if note is played[-1] else note.start + max(1, round((note.end - note.start) * share))
        sounds.append(Sound(note.start, end, note.pitch + 12 * instrument.octave, max(1, min(note.velocity, 127))))
    return sounds


def _accented(notes: Sequence[Note], dance: Dance, chance: Random) -> Iterator[Played]:
    eighths = len(dance.accents)
    beat = 3 * GRID // 8 if eighths % 3 == 0 and len(dance.swing) > 1 else GRID // 4
    for note in notes:
        eighth, off = divmod(note.place, GRID // 8)
        accent = 0 if off or eighth >= eighths else int(dance.accents[eighth])
        velocity = _SOFTEST + _ACCENT * accent + _SWELL[note.bar.bar % 4] + chance.randint(-_SPREAD, _SPREAD)
        on_beat = note.place % beat == 0
        late = 0 if on_beat else min(chance.randint(0, _LATE), (note.end - note.start) // 4)
        again = note.bar.time > 0
        yield Played(max(0, note.start + late), note.end, note.pitch, velocity, note.written, again, on_beat)
