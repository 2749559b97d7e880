"""Tune -> performance: the dance's tempo and manner, the melody's player, and the band. All of it whole numbers.

What chance decides is drawn from a seed, so that the same tune is always played alike.
"""

import zlib
from fractions import Fraction
from random import Random

from bot.core.errors import RenderError
from bot.core.rendering import Playing
from bot.render.performance.accompaniment import Dance, dance_of
from bot.render.performance.band import Accompaniment, band
from bot.render.performance.melody import melody
from bot.render.performance.ornaments import Style
from bot.render.performance.players import TICKS, Performance, Player
from bot.render.performance.swing import Swing, played_bars, played_notes
from model.music.grid import GRID
from model.music.instruments import INSTRUMENTS, Instrument
from model.music.rhythm import Rhythm, usual
from model.music.tune import Tune

LONGEST = 3600  # seconds; MIDI's delta times stay far from their limit
_SLOWEST, _FASTEST = 20, 600  # quarter notes a minute; a Q: field may say anything


AS_USUAL = Playing()


def perform(tune: Tune, playing: Playing = AS_USUAL) -> Performance:
    """The performance of `tune`, with a band where it has chord symbols.

    `Tune.tempo` takes precedence over the dance's. Raises RenderError for a tune of rests alone and
    for one of more than `LONGEST` seconds.
    """
    rhythm = usual(tune.rhythm, tune.metre)
    quarters = quarters_of(tune, rhythm)
    if tune.played_length * 4 * 60 > LONGEST * quarters:
        raise RenderError(f"the tune lasts more than {LONGEST // 60} minutes")
    seed = _seed(tune) if playing.seed is None else playing.seed
    dance, instrument = dance_of(tune), INSTRUMENTS[playing.instrument or rhythm.instrument]
    swing = swing_of(dance, quarters)
    bars = played_bars(tune)
    notes = list(played_notes(tune, bars, swing))
    if not notes:
        raise RenderError("the tune has no notes to play")
    lead = Player(
        instrument.name.capitalize(),
        instrument.program,
        tuple(melody(notes, dance, _style(tune, rhythm, instrument, quarters), instrument, Random(f"{seed} melody"))),
    )
    music = Accompaniment(tune, bars, dance, swing, notes[-1].start, notes[-1].end, seed)
    players = (lead, *(band(music) if playing.band else ()))
    return Performance(float(quarters), players, tune)


def quarters_of(tune: Tune, rhythm: Rhythm) -> Fraction:
    """Quarter notes a minute."""
    beat, tempo = tune.tempo or (rhythm.beat, rhythm.tempo)
    return min(max(beat * 4 * tempo, Fraction(_SLOWEST)), Fraction(_FASTEST))


def swing_of(dance: Dance, quarters: Fraction) -> Swing:
    """How the notes of a beat are moved at a tempo."""
    return Swing(dance.swing, 3 * GRID // 8 if len(dance.swing) > 1 else GRID // 4, float(quarters))


def _style(tune: Tune, rhythm: Rhythm, instrument: Instrument, quarters: Fraction) -> Style:
    return Style(
        instrument.name,
        rhythm.name,
        tune.key.scale,
        float(quarters) * TICKS / 60,
        lambda pitch: instrument.plays(pitch, tune.key),
    )


def _seed(tune: Tune) -> int:
    """A number that depends on the notes alone."""
    notes = ";".join(f"{note.pitch.midi if note.pitch else 'z'} {note.length}" for note in tune.notes)
    return zlib.crc32(notes.encode())
