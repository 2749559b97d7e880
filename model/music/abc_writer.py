"""Writes a Tune as ABC notation (ABC standard 2.1)."""

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import accumulate, pairwise

from model.music.abc_text import escaped
from model.music.grid import units
from model.music.key import LETTERS, Key, Pitch
from model.music.tune import Bar, Note, Tune

BARS_A_LINE = 4
_NOTE_THEN_COLON = re.compile(r"^([A-Za-z]):")  # a last bar of one note and its repeat sign
_ACCIDENTALS = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}


def write(tune: Tune) -> str:
    """ABC text of `tune`: a header and the bars, four to a line. `abc_reader.parse` gives the same tune back."""
    header = [f"X:{tune.number}", f"T:{escaped(tune.title)}"]
    if tune.rhythm:
        header.append(f"R:{escaped(tune.rhythm)}")
    header += [f"M:{tune.metre}", f"L:{tune.unit_length}"]
    if tune.tempo:
        header.append(f"Q:{tune.tempo[0]}={tune.tempo[1]}")
    header.append(f"K:{tune.key}")
    lines: list[str] = []
    for line in _lines(tune):
        if lines and _NOTE_THEN_COLON.match(line):
            lines[-1] += f" {line}"  # at the start of a line it would look like a field
        else:
            lines.append(_NOTE_THEN_COLON.sub(r"\1 :", line))
    return "\n".join([*header, *lines]) + "\n"


def _lines(tune: Tune) -> Iterator[str]:
    line, full_bars = "", 0
    for index, bar in enumerate(tune.bars):
        following = tune.bars[index + 1] if index + 1 < len(tune.bars) else None
        if bar.start_repeat:
            line += "|:"
        if bar.ending:
            line += f"[{bar.ending} "
        before = tune.bars[index - 1].notes[-1:] if index else ()
        line += write_bar(bar, tune, before) + _right_line(bar, following)
        full_bars += bar.length >= tune.metre.length / 2
        part_ends = bar.end_repeat or bar.double or following is None or following.start_repeat
        if (part_ends and not (following and following.ending)) or full_bars == BARS_A_LINE:
            yield line
            line, full_bars = "", 0
        else:
            line += " "
    if line.strip():
        yield line.rstrip()


def _right_line(bar: Bar, following: Bar | None) -> str:
    if bar.end_repeat:
        return ":|]" if bar.double and following is None else ":||" if bar.double else ":|"
    if bar.double:
        return "||" if following else "|]"
    return "|"


def write_bar(bar: Bar, tune: Tune, before: tuple[Note, ...] = ()) -> str:
    """The notes of one bar, beamed, with the accidentals that the key and the note `before` it do not give."""
    offset = (
        max(Fraction(0), tune.metre.length - bar.length) if bar is tune.bars[0] or bar.start_repeat else Fraction(0)
    )
    accidentals = _Accidentals(tune.key)
    if before and bar.notes:
        accidentals.carry(before[0], bar.notes[0])
    text, position, rest_of_tuplet, pair_left = "", offset, 0, 0
    beam = tune.metre.beam
    bar, symbols = _split_at_chords(bar), list(bar.chords)
    for index, note in enumerate(bar.notes):
        if text and position % beam == 0 and not rest_of_tuplet:
            text += " "
        while symbols and symbols[0].at <= position - offset:
            text += f'"{symbols.pop(0).name}"'
        if not rest_of_tuplet and _odd(note.length) > 1:
            rest_of_tuplet, ratio, prefix = _tuplet(bar.notes[index:])
            text += prefix
        written = note.length * ratio if rest_of_tuplet else note.length
        following = bar.notes[index + 1 : index + 2]
        plain = rest_of_tuplet or pair_left or offset  # abc2midi, which swings hornpipes, counts a pickup's beats wrong
        mark = "" if plain else _broken(note, following, position % beam, tune)
        if mark:
            pair_left = 2
        if pair_left:
            written = (
                (note.length + following[0].length) / 2 if mark else (bar.notes[index - 1].length + note.length) / 2
            )
        rest_of_tuplet, pair_left = max(0, rest_of_tuplet - 1), max(0, pair_left - 1)
        text += _write_note(note, written / tune.unit_length, accidentals) + mark
        position += note.length
    return text


def _split_at_chords(bar: Bar) -> Bar:
    """`bar` with notes of plain length cut, and tied, where a chord symbol stands inside one: ABC has them on notes."""
    places = sorted(chord.at for chord in bar.chords)
    notes: list[Note] = []
    onset = Fraction(0)
    if {units(at) for at in places} <= {0, *accumulate(units(note.length) for note in bar.notes)}:
        return bar
    for note in bar.notes:
        inside = [at - onset for at in places if onset < at < onset + note.length and _odd(at - onset) == 1]
        for start, end in pairwise([Fraction(0), *inside, note.length] if _odd(note.length) == 1 else ()):
            notes.append(note._replace(length=end - start, tied=bool(note.pitch) and (note.tied or end < note.length)))
        notes += [note] if _odd(note.length) > 1 else []
        onset += note.length
    return replace(bar, notes=tuple(notes))


def _broken(note: Note, following: tuple[Note, ...], into_beam: Fraction, tune: Tune) -> str:
    """`>` or `<` where a note and the `following` one of its beam are a dotted pair, as musicians write it."""
    if not following or note.tied or not (note.pitch and following[0].pitch):
        return ""
    second = following[0].length
    if note.length == second:
        return ""
    pair = note.length + second
    # long pairs, and pairs off the beat, read better with their lengths, and abc2midi's own swing refuses the latter
    if pair > 2 * tune.unit_length or into_beam % pair:
        return ""
    if into_beam + note.length >= tune.metre.beam or _odd(note.length) * _odd(second) > 1:
        return ""
    return ">" if note.length == 3 * second else "<" if second == 3 * note.length else ""


class _Accidentals:
    """Which accidentals to print. Readers differ on whether one holds in other octaves, so both must agree."""

    def __init__(self, key: Key) -> None:
        self._signature = key.signature
        self._by_line: dict[int, int] = {}
        self._by_step: dict[int, int] = {}

    def carry(self, tied: Note, first: Note) -> None:
        """A tie carries its accidental over the bar line, so a `first` note on the same line may need a sign."""
        here, there = tied.pitch, first.pitch
        if tied.tied and here and there and here.line == there.line and here.alter != there.alter:
            self._by_line[here.line] = self._by_step[here.step] = here.alter

    def mark(self, pitch: Pitch) -> str:
        usual = self._signature[pitch.step]
        if self._by_line.get(pitch.line, usual) == self._by_step.get(pitch.step, usual) == pitch.alter:
            return ""
        self._by_line[pitch.line] = self._by_step[pitch.step] = pitch.alter
        return _ACCIDENTALS[pitch.alter]


def _write_note(note: Note, units: Fraction, accidentals: _Accidentals) -> str:
    name = "z" if note.pitch is None else accidentals.mark(note.pitch) + _letter(note.pitch)
    return name + write_length(units) + ("-" if note.tied else "")


def _letter(pitch: Pitch) -> str:
    if pitch.octave >= 5:
        return LETTERS[pitch.step].lower() + "'" * (pitch.octave - 5)
    return LETTERS[pitch.step] + "," * (4 - pitch.octave)


def write_length(units: Fraction) -> str:
    """A note length in multiples of the unit length: nothing for 1, `/2`, `3`, `3/2`."""
    top = "" if units.numerator == 1 else str(units.numerator)
    return top if units.denominator == 1 else f"{top}/{units.denominator}"


def _odd(length: Fraction) -> int:
    """The part of a length's denominator that is no power of two; 1 for lengths that need no tuplet."""
    denominator = length.denominator
    while denominator % 2 == 0:
        denominator //= 2
    return denominator


def _tuplet(notes: tuple[Note, ...]) -> tuple[int, Fraction, str]:
    """Notes in the tuplet that starts here, written over sounding length, and its prefix `(p:q:r`.

    A tuplet ends where its notes fill a plain length, at the latest before a note that belongs to no such tuplet.
    """
    p = _odd(notes[0].length)
    total, count = Fraction(0), 0
    for note in notes:
        total += note.length
        count += 1
        if _odd(total) == 1:
            break
    else:
        count = next((i for i, note in enumerate(notes) if _odd(note.length) != p), len(notes))
    q = 1 << (p.bit_length() - 1)
    return count, Fraction(p, q), "(3" if p == 3 and count == 3 else f"({p}:{q}:{count}"
