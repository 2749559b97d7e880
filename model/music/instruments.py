"""Instruments that a tune can be for: the notes that each can play, and how it sounds in General MIDI."""

from dataclasses import dataclass

from model.errors import InputError
from model.music.key import Key

_WHISTLE = frozenset({2, 4, 6, 7, 9, 11, 0, 1})  # D major and C natural; the others want half-holed fingerings


@dataclass(frozen=True)
class Instrument:
    """`lowest` to `highest` are MIDI numbers as notated, `classes` the pitch classes that it plays, None for all.

    `diatonic` instruments play the notes of a tune's key alone. `program` is General MIDI's, counted from 0; `octave`
    says how many octaves above the notation it sounds.
    """

    name: str
    program: int
    lowest: int
    highest: int
    classes: frozenset[int] | None = None
    diatonic: bool = False
    octave: int = 0

    def plays(self, pitch: int, key: Key) -> bool:
        """Whether it has the note with this MIDI number, in a tune of `key`."""
        return self.lowest <= pitch <= self.highest and pitch % 12 in self.pitch_classes(key)

    def pitch_classes(self, key: Key) -> frozenset[int]:
        """The pitch classes that it has in a tune of `key`."""
        classes = self.classes or frozenset(range(12))
        return classes & frozenset(key.scale) if self.diatonic else classes

    def suits(self, key: Key) -> bool:
        """Whether it can play tunes of `key`: its tonic, and all but one note of its scale at least."""
        classes = self.pitch_classes(key)
        return key.tonic_class in classes and len(classes & frozenset(key.scale)) >= 6


INSTRUMENTS = {
    instrument.name: instrument
    for instrument in (
        Instrument("fiddle", 40, 55, 95),
        Instrument("flute", 73, 62, 86, _WHISTLE),
        Instrument("whistle", 72, 62, 83, _WHISTLE, octave=1),
        Instrument("accordion", 21, 53, 93),
        Instrument("concertina", 23, 55, 91),
        Instrument("banjo", 105, 55, 88),
        Instrument("mandolin", 25, 55, 93),
        Instrument("harp", 46, 36, 96, diatonic=True),
        Instrument("pipes", 109, 62, 83, _WHISTLE),
        Instrument("piano", 0, 36, 96),
    )
}
FIDDLE = INSTRUMENTS["fiddle"]


def instrument(text: str) -> Instrument:
    """The instrument that a member typed. Raises InputError that lists what there is."""
    wanted = " ".join(text.lower().replace("-", " ").split())
    names = {"tin whistle": "whistle", "penny whistle": "whistle", "violin": "fiddle", "uilleann pipes": "pipes"}
    found = INSTRUMENTS.get(names.get(wanted, wanted))
    if found is None:
        raise InputError(f"unknown instrument {text[:20]!r}: there are {', '.join(INSTRUMENTS)}")
    return found
