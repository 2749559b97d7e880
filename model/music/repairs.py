"""Repairs of a tune's bars that leave its notes in their order: bar lines that are missing or stand in the wrong place.

A part has its pickup at its beginning alone, and its last bar makes one bar with it. In print a pickup that is played
once, before `|:`, stands again at the end of the first ending; the next part's may stand at the end of a last bar; and
an ending may begin inside a bar.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

from model.music.tune import Bar, Note

Repaired = Callable[[str], None]


def repaired_sections(sections: Sequence[Sequence[Bar]], full: Fraction, repaired: Repaired) -> list[list[Bar]]:
    """`sections` with what can be repaired; `repaired` is called with the rule's name for each repair."""
    split = [_with_bar_lines(section, full, repaired) for section in sections]
    joined = [_with_whole_endings(section, full, repaired) for section in split]
    return _without_lead_ins(joined, full, repaired)


def _with_bar_lines(section: Sequence[Bar], full: Fraction, repaired: Repaired) -> list[Bar]:
    """Bars of twice the length, or of a whole bar and a last one, with the bar line between them that is missing."""
    bars: list[Bar] = []
    for bar in section:
        cut = _cut(bar.notes, full)
        rest = bar.length - full
        if cut and (rest == full or (bar is section[-1] and rest == full - _pickup(section, full))):
            bars.append(replace(bar, notes=cut[0], end_repeat=False, double=False, chords=()))
            bars.append(replace(bar, notes=cut[1], start_repeat=False, ending=0, chords=()))
            repaired("missing bar line added")
        else:
            bars.append(bar)
    return bars


def _with_whole_endings(section: Sequence[Bar], full: Fraction, repaired: Repaired) -> list[Bar]:
    """Endings that begin inside a bar take what stands before them in it."""
    starts = [index for index, bar in enumerate(section) if bar.ending]
    if len(starts) != 2 or starts[0] < 2:
        return list(section)
    before = section[starts[0] - 1]
    if before.length >= full or any(before.length + section[index].length != full for index in starts):
        return list(section)
    repaired("ending inside a bar")
    whole = {index: replace(section[index], notes=before.notes + section[index].notes, chords=()) for index in starts}
    return [whole.get(index, bar) for index, bar in enumerate(section) if index != starts[0] - 1]


def _without_lead_ins(sections: list[list[Bar]], full: Fraction, repaired: Repaired) -> list[list[Bar]]:
    """Last bars that make one bar with their own section's pickup, where that can be done."""
    for number, section in enumerate(sections):
        following = sections[number + 1] if number + 1 < len(sections) else None
        for index in _lasts(section):
            final = index == len(section) - 1
            _fit(section, index, following if final else None, full, repaired)
    return sections


def _lasts(section: Sequence[Bar]) -> list[int]:
    """The indices of the last bars: of each ending, or of a section without endings."""
    starts = [index for index, bar in enumerate(section) if bar.ending][1:]
    return [*(start - 1 for start in starts), len(section) - 1]


def _pickup(section: Sequence[Bar] | None, full: Fraction) -> Fraction:
    return section[0].length if section and len(section) > 1 and section[0].length < full else Fraction(0)


def _fit(section: list[Bar], index: int, following: list[Bar] | None, full: Fraction, repaired: Repaired) -> None:
    own, last = _pickup(section, full), section[index]
    if own and last.length == full and (cut := _cut(last.notes, full - own)):
        section[index] = replace(last, notes=cut[0])
        if following and not _pickup(following, full) and _leaves_room(following, full - own):
            following.insert(0, Bar(cut[1], start_repeat=following[0].start_repeat))
            following[1] = replace(following[1], start_repeat=False)
            repaired("end of a last bar made the next part's pickup")
        else:
            repaired("lead-in left out")
    elif last.length < full - own and full - own - last.length == _pickup(following, full):
        final = last.notes[-1]
        longer = final._replace(length=final.length + full - own - last.length)
        section[index] = replace(last, notes=(*last.notes[:-1], longer))
        repaired("last note fitted to the pickup")


def _leaves_room(section: Sequence[Bar], room: Fraction) -> bool:
    return all(section[index].length == room for index in _lasts(section))


def _cut(notes: tuple[Note, ...], place: Fraction) -> tuple[tuple[Note, ...], tuple[Note, ...]] | None:
    """The notes before and behind `place`; None where none begins there, or nothing but rests would stay."""
    length = Fraction(0)
    for index, note in enumerate(notes):
        if length == place and any(before.pitch for before in notes[:index]):
            return (*notes[: index - 1], notes[index - 1]._replace(tied=False)), notes[index:]
        length += note.length
    return None
