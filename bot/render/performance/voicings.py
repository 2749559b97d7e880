"""Voicings: which notes of a chord a guitar or a bouzouki plays, chosen so that the voices move little."""

from functools import cache

from model.music.chord_symbols import ChordTones

GUITAR, BOUZOUKI = (50, 69), (55, 74)  # MIDI: where the notes of a strum lie
VOICES = 4
_Voicing = tuple[int, ...]  # MIDI numbers, the lowest first


def voice_led(chord: ChordTones, before: _Voicing | None, reach: tuple[int, int], thirds: bool) -> _Voicing:
    """The voicing of `chord` within `reach` that is nearest to the one `before`; the lowest where there is none.

    Without `thirds` it is root and fifth alone, as on a bouzouki, which leaves major and minor to the melody.
    """
    candidates = _voicings(chord.tones, reach, thirds)
    if before is None:
        return candidates[0]
    return min(candidates, key=lambda voicing: sum(abs(a - b) for a, b in zip(voicing, before, strict=True)))


@cache
def _voicings(tones: tuple[int, ...], reach: tuple[int, int], thirds: bool) -> list[_Voicing]:
    """Close positions of four notes, from every tone as the lowest one."""
    used = sorted(set(tones) if thirds or len(tones) < 3 else {tones[0], tones[2]})
    found: list[_Voicing] = []
    for lowest in range(reach[0], reach[1]):
        if lowest % 12 not in used:
            continue
        voicing = [lowest]
        while len(voicing) < VOICES:
            voicing.append(next(pitch for pitch in range(voicing[-1] + 1, voicing[-1] + 13) if pitch % 12 in used))
        if voicing[-1] <= reach[1] or not found:
            found.append(tuple(voicing))
    return found


def near(pitch_class: int, before: int, reach: tuple[int, int]) -> int:
    """The note of a pitch class within `reach`, an octave or more, that is nearest to `before`; the lower of two."""
    candidates = [pitch for pitch in range(reach[0], reach[1] + 1) if pitch % 12 == pitch_class]
    return min(candidates, key=lambda pitch: (abs(pitch - before), pitch))


def step_towards(pitch: int, scale: tuple[int, ...], reach: tuple[int, int]) -> int:
    """The note of the scale just below `pitch`, or above it where that leaves the reach."""
    below = next(low for low in range(pitch - 1, pitch - 4, -1) if low % 12 in scale or low == pitch - 3)
    above = next(high for high in range(pitch + 1, pitch + 4) if high % 12 in scale or high == pitch + 3)
    return below if below >= reach[0] else above
