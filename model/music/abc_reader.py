"""ABC notation (ABC standard 2.1) -> Tune, with exact fractions.

Decorations, annotations, grace notes, slurs, lyrics and comments are dropped on purpose and counted in
`Tune.dropped`; of a chord the highest note stays. Text that cannot be read raises NotationError with its line.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import accumulate

from model.errors import InputError, NotationError
from model.music.abc_symbols import CHORD_NOTE, KINDS, MUSIC, length_of, plain, tempo, unit_length
from model.music.chord_symbols import ChordSymbol, is_chord
from model.music.key import Key, Pitch
from model.music.tune import Bar, Metre, Note, Tune

LONGEST_TEXT = 100_000  # characters; the longest tune in the five collections has under 5,000
_FIELD = re.compile(r"^([A-Za-z+]):(.*)$")
_NOTE_THEN_REPEAT = re.compile(r"[A-Ga-gxz]:[|:]")  # looks like a field, but tunes' bodies have none of these names
_SKIPPED_FIELDS = {"w": "lyrics", "W": "lyrics", "s": "symbol line", "+": "continued line"}
_KEY_EXTRAS = re.compile(r" (?:clef=\S+|(?:treble|bass|alto|tenor|none|perc)\S*|\w+=\S+)", re.IGNORECASE)
_NO_NOTES = re.compile(r"\"[^\"]*\"|![^!]*!")  # chord symbols and decorations
_ALTERS = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}


def parse(text: str) -> Tune:
    """Read the one tune in `text`. Raises NotationError, whose message names the line."""
    if len(text) > LONGEST_TEXT:
        raise NotationError(f"the ABC text has {len(text)} characters; a tune has at most {LONGEST_TEXT}")
    reader = _Reader()
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() and (reader.bars or reader.notes):
            break  # a blank line ends a tune
        try:
            reader.line(line)
        except InputError as error:
            raise NotationError(f"line {number}: {error}") from error
    return reader.tune()


def tune_texts(text: str) -> Iterator[str]:
    """The tunes of an ABC file, which are set apart by blank lines and begin with `X:`."""
    for block in re.split(r"\n[ \t\r]*\n", text.replace("\r\n", "\n").replace("\r", "\n")):
        start = re.search(r"^X:", block, re.MULTILINE)
        if start:
            yield block[start.start() :].strip("\n")


@dataclass
class _Reader:
    """State of reading one tune, line by line."""

    fields: dict[str, str] = field(default_factory=dict)
    dropped: Counter[str] = field(default_factory=Counter)
    key: Key | None = None
    metre: Metre | None = None
    unit: Fraction | None = None
    bars: list[Bar] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    chords: list[tuple[int, str]] = field(default_factory=list)  # the index of the note it stands over, its name
    following: dict[str, bool | int] = field(default_factory=dict)  # what the last bar line says of the next bar
    accidentals: dict[int, int] = field(default_factory=dict)  # step -> alter, until the bar ends
    tuplet: tuple[int, Fraction] = (0, Fraction(1))  # notes left in it, sounding over written length
    broken: Fraction | None = None  # factor for the next note

    def line(self, line: str) -> None:
        if line.startswith("%") or (match := re.match(r"^(.*?)(?<!\\)%", line)) is not None:
            self.dropped["comment"] += 1
            line = "" if line.startswith("%") else match[1]  # type: ignore[index]
        matched = _FIELD.match(line)
        if matched and not (self.key and _NOTE_THEN_REPEAT.match(line)):
            self._field(matched[1], matched[2].strip())
        elif self.key is not None:
            self._music(line)

    def _field(self, name: str, value: str) -> None:
        if name == "K":
            self._key(value)
        elif name == "M":
            self._metre(value)
        elif name == "L":
            self.unit = unit_length(value)
        elif name == "V":
            voice = "".join(value.split()[:1])
            if self.fields.setdefault("V", voice) != voice:
                raise NotationError("more than one voice; Tunesmith reads single melodies")
        elif name in _SKIPPED_FIELDS:
            self.dropped[_SKIPPED_FIELDS[name]] += 1
        else:
            self.fields.setdefault(name, value)

    def _key(self, value: str) -> None:
        text = _KEY_EXTRAS.sub("", " " + " ".join(value.split())).strip()
        if text in ("HP", "Hp"):  # Highland pipes: the A mixolydian scale with F and C sharp
            text = "Amix"
        key = Key.parse(text)
        if self.key not in (None, key):
            self.dropped["key change"] += 1
            self._current_key = key
            return
        self.key = self._current_key = key
        if self.metre is None:
            self.metre = Metre(4, 4, "C")
        if self.unit is None:
            self.unit = self.metre.default_unit_length

    def _metre(self, value: str) -> None:
        metre = Metre.parse(value)
        if self.key is not None and metre != self.metre:
            self.dropped["metre change"] += 1
            return
        self.metre = metre

    def _music(self, line: str) -> None:
        place = 0
        while place < len(line):
            match = MUSIC.match(line, place)
            if match is None:
                raise NotationError(f"cannot read {line[place : place + 12]!r} at column {place + 1}")
            place = match.end()
            self._symbol(match)

    def _symbol(self, match: re.Match[str]) -> None:
        kind = next(name for name in KINDS if match[name] is not None)
        if kind == "note":
            self._note(
                self._pitch(match["accidental"], match["letter"], match["octave"]), match["length"], match["tie"]
            )
        elif kind == "rest":
            self._rest(match["rest"], match["rest_length"])
        elif kind == "bar":
            self._bar_line(match)
        elif kind == "broken":
            self._broken_rhythm(match["broken"])
        elif kind == "stray_tie" and self.notes:
            self.notes[-1] = self.notes[-1]._replace(tied=True)
        elif kind == "tuplet":
            self._tuplet(int(match["p"]), match["q"], match["r"])
        elif kind == "chord":
            self._chord(match)
        elif kind == "inline":
            self._field(match["inline_name"], match["inline_value"].strip())
        elif kind == "chord_symbol" and is_chord(match[kind][1:-1]):
            self.chords.append((len(self.notes), match[kind][1:-1].strip()))
        elif kind not in ("space", "line_break"):
            self.dropped["annotation" if kind == "chord_symbol" else kind] += 1

    def _pitch(self, accidental: str | None, letter: str, marks: str) -> Pitch:
        step = "CDEFGAB".index(letter.upper())
        octave = (5 if letter.islower() else 4) + marks.count("'") - marks.count(",")
        tied = self.notes[-1] if self.notes else self.bars[-1].notes[-1] if self.bars else None
        if accidental is not None:
            self.accidentals[step] = alter = _ALTERS[accidental]
        elif tied and tied.tied and tied.pitch and (tied.pitch.step, tied.pitch.octave) == (step, octave):
            alter = tied.pitch.alter  # a tie carries its accidental over the bar line
        else:
            alter = self.accidentals.get(step, self._current_key.signature[step])
        if not -1 <= octave <= 9:
            raise NotationError(f"the note {letter}{marks[:9]} is outside any instrument's range")
        return Pitch(step, alter, octave)

    def _note(self, pitch: Pitch | None, length: str | None, tie: str) -> None:
        assert self.unit is not None
        sounding = self.unit * length_of(length)
        left, ratio = self.tuplet
        if left:
            sounding *= ratio
            self.tuplet = (left - 1, ratio)
        if self.broken:
            sounding *= self.broken
            self.broken = None
        if sounding <= 0:
            raise NotationError("a note of no length")
        self.notes.append(Note(pitch, sounding, tie == "-"))

    def _rest(self, text: str, length: str | None) -> None:
        if text[0] != "Z":
            self._note(None, length, "")
            return
        assert self.metre is not None  # Z counts whole bars
        bars = int(length) if length and length.isdigit() else 1
        self.notes.append(Note(None, self.metre.length * min(bars, 64)))

    def _chord(self, match: re.Match[str]) -> None:
        tones = CHORD_NOTE.findall(_NO_NOTES.sub("", match["chord_notes"]))
        if not tones:
            raise NotationError(f"cannot read the chord {match['chord'][:20]!r}")
        pitches = [self._pitch(accidental or None, letter, marks) for accidental, letter, marks, _, _ in tones]
        if len(tones) > 1:
            self.dropped["chord"] += 1
        inner = length_of(tones[0][3]) * length_of(match["chord_length"])
        tie = "-" if match["chord_tie"] or all(tone[4] for tone in tones) else ""
        self._note(max(pitches, key=lambda pitch: pitch.midi), str(inner), tie)

    def _broken_rhythm(self, marks: str) -> None:
        if not self.notes or self.broken:
            raise NotationError(f"broken rhythm {marks!r} does not stand between two notes")
        share = Fraction(1, 2 ** len(marks))
        first, self.broken = (2 - share, share) if marks[0] == ">" else (share, 2 - share)
        self.notes[-1] = self.notes[-1]._replace(length=self.notes[-1].length * first)

    def _tuplet(self, p: int, q: str | None, r: str | None) -> None:
        assert self.metre is not None
        usual = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}.get(p, 3 if self.metre.compound else 2)
        self.tuplet = (int(r) if r else p, Fraction(int(q) if q else usual, p))

    def _bar_line(self, match: re.Match[str]) -> None:
        text = match["bar"]
        ending = match["ending1"] or match["ending2"] or match["ending3"] or ""
        line = text[: len(text) - len(ending)].rstrip(" [") if ending else text
        if ending and not re.fullmatch(r"[1-9]\d?", ending):
            raise NotationError(f"ending {ending[:12]!r}: only single numbers are read")
        line = line.lstrip(".")
        self._end_bar(
            end_repeat=line.startswith(":") and line != ":",  # a lone colon opens a line whose | ended the last one
            double="||" in line or "|]" in line or "[|" in line,
        )
        if line.endswith(":"):
            self.following["start_repeat"] = True
        if ending:
            self.following["ending"] = int(ending)

    def _end_bar(self, *, end_repeat: bool, double: bool) -> None:
        if self.notes:
            flags = self.following
            repeat, ending = bool(flags.get("start_repeat")), int(flags.get("ending", 0))
            self.bars.append(Bar(tuple(self.notes), repeat, end_repeat, ending, double, self._chord_symbols()))
            self.notes, self.following, self.accidentals = [], {}, {}
        elif self.bars and not self.following:
            last = self.bars[-1]
            self.bars[-1] = replace(last, end_repeat=last.end_repeat or end_repeat, double=last.double or double)

    def _chord_symbols(self) -> tuple[ChordSymbol, ...]:
        """Those of the bar that ends; one behind its last note waits for the next bar."""
        onsets = [Fraction(0), *accumulate(note.length for note in self.notes)]
        here = [(index, name) for index, name in self.chords if index < len(self.notes)]
        self.chords = [(0, name) for index, name in self.chords if index >= len(self.notes)]
        return tuple(ChordSymbol(onsets[index], name) for index, name in here)

    def tune(self) -> Tune:
        if self.key is None or self.metre is None or self.unit is None:
            raise NotationError("no K: field, so this is not a tune in ABC notation")
        self._end_bar(end_repeat=False, double=False)
        if not self.bars:
            raise NotationError("the tune has no notes")
        number = re.match(r"\d{1,9}", self.fields.get("X", ""))
        return Tune(
            title=plain(self.fields.get("T", "")),
            key=self.key,
            metre=self.metre,
            bars=tuple(self.bars),
            rhythm=plain(self.fields.get("R", "")),
            unit_length=self.unit,
            tempo=tempo(self.fields.get("Q", "")),
            number=int(number[0]) if number else 1,
            dropped=dict(self.dropped),
        )
