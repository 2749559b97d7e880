"""Ties of ABC: one that leads to another pitch is a slur, as ABC before 2.0 wrote them."""

from dataclasses import replace

from model.music.key import Pitch
from model.music.tune import Bar, Note


def untie(bars: list[Bar], notes: list[Note], pitch: Pitch | None, goes_on: bool) -> bool:
    """Whether the last note was tied to the next one, of `pitch`, and now is not, as it sounds otherwise.

    `goes_on` is whether the bar of `notes` follows the last of `bars` wherever it is played.
    """
    before = notes if notes or not goes_on or not bars else list(bars[-1].notes)
    if not before or not before[-1].tied or _midi(before[-1].pitch) == _midi(pitch):
        return False
    before[-1] = before[-1]._replace(tied=False)
    if not notes:
        bars[-1] = replace(bars[-1], notes=tuple(before))
    return True


def _midi(pitch: Pitch | None) -> int | None:
    return pitch.midi if pitch else None
