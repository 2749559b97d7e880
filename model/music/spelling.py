"""How a pitch is written in a key, by its place on the line of fifths (… Bb F C G D A E B F# …).

The seven notes of a signature stand in a row there, and the raised and lowered steps that its harmony has, close to
them. So of the names of a pitch the usual one is nearest to the signature.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from model.music.key import NATURAL, Key, Pitch, transpose_pitch

_ORDER = (3, 0, 4, 1, 5, 2, 6)  # F C G D A E B, as steps above C
_TONICS = {"": 0, "m": 3, "dor": 2, "phr": 4, "lyd": -1, "mix": 1, "loc": 5}  # fifths above the signature's major tonic
# The twelve usual names in a row: of the first, fifths above the tonic. The books write so all but 57 of 460,000 notes.
_FIRST = {"": -3, "m": -4, "dor": -4, "phr": -5, "lyd": -3, "mix": -3, "loc": -6}
LOWEST, HIGHEST = -6, 10  # fifths above the signature's major tonic of names that may stay as they were given
MANY_SHARPS = 5  # from so many on, the seventh of a minor key is raised by a double sharp
_LEADING = 5  # fifths above the tonic of the raised seventh


def fifths(pitch: Pitch) -> int:
    """The place of the name of `pitch` on the line of fifths; 0 for C, 1 for G."""
    return _ORDER.index(pitch.step) - 1 + 7 * pitch.alter


def _named(midi: int, place: int) -> Pitch:
    alter, at = divmod(place + 1, 7)
    step = _ORDER[at]
    return Pitch(step, alter, (midi - NATURAL[step] - alter) // 12 - 1)


def _tonic(key: Key) -> int:
    return key.fifths + _TONICS[key.mode]


def _plain(place: int, key: Key) -> bool:
    """Whether a name has one accidental at most, or is the raised seventh of a minor key of many sharps."""
    leading = key.mode == "m" and key.fifths >= MANY_SHARPS and place == _tonic(key) + _LEADING
    return -1 <= (place + 1) // 7 <= 1 or leading


@lru_cache(maxsize=2048)
def usual(midi: int, key: Key) -> Pitch:
    """The pitch as it is usually written in `key`."""
    first = _tonic(key) + _FIRST[key.mode]
    place = next(place for place in range(first, first + 12) if (7 * place - midi) % 12 == 0)
    if not _plain(place, key):
        place += -12 if place > 0 else 12
    return _named(midi, place)


@lru_cache(maxsize=4096)
def acceptable(pitch: Pitch, key: Key) -> bool:
    """Whether the name of `pitch` may stay in `key`: without double accidentals, and not far from the signature."""
    return LOWEST <= fifths(pitch) - key.fifths <= HIGHEST and _plain(fifths(pitch), key)


def transposed(pitch: Pitch, key: Key, steps: int, semitones: int, to: Key) -> Pitch:
    """`pitch`, which is written in `key`, moved by `steps` letters and `semitones` and written in the key `to`.

    What is written as usual stays so; another name moves along where that is acceptable.
    """
    moved = transpose_pitch(pitch, steps, semitones)
    if usual(pitch.midi, key) == pitch or not acceptable(moved, to):
        return usual(moved.midi, to)
    return moved


def respelled(pitches: Iterable[Pitch | None], key: Key) -> Iterator[Pitch | None]:
    """`pitches`, rests among them as None, as they are written in `key`.

    Acceptable names stay; but a pitch that comes again at once keeps the name that it had.
    """
    before: Pitch | None = None
    for pitch in pitches:
        if pitch is None:
            yield None
            continue
        if before is not None and before.midi == pitch.midi:
            pitch = before
        elif not acceptable(pitch, key):
            pitch = usual(pitch.midi, key)
        before = pitch
        yield pitch
