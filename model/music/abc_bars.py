"""Lines of music of ABC notation -> bars, with exact fractions (ABC standard 2.1, section 4).

Of a chord the highest note stays. Chord symbols are kept; decorations, annotations, grace notes and slurs are left out.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import accumulate

from model.errors import NotationError
from model.music.abc_decorations import LETTERS, SHIFTING, is_known
from model.music.abc_pitch_reader import Pitches
from model.music.abc_symbols import LEADING_ENDING, check_grace, length_of, symbols, tones
from model.music.abc_ties import untie
from model.music.abc_words import ProseError, check_shorthands, is_prose
from model.music.chord_symbols import ChordSymbol, is_chord
from model.music.key import Pitch
from model.music.tune import Bar, Metre, Note

VOICES = "several voices"
MOST_BARS_OF_REST = 64
_USUAL = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}  # notes in the time of which a tuplet of so many stands
_NOTES = re.compile(r"(\^\^?|__?|=)?([A-Ga-g])([,']*)(\d{0,4}/{0,8}\d{0,4})(-?)")

Drop = Callable[[str, int], None]
Field = Callable[[str, str, int], None]


@dataclass
class Bars:
    """Makes bars of symbols. The reader of the fields sets what they say; `begin` is called before the first note.

    `drop` is told what is left out, and its column; `read_field` reads a field inside the music.
    """

    drop: Drop
    read_field: Field
    begin: Callable[[int], None]
    unit: Fraction = Fraction(1, 8)
    metre: Metre = field(default_factory=lambda: Metre(4, 4, "C"))
    pitches: Pitches = field(default_factory=Pitches)
    letters: set[str] = field(default_factory=lambda: set(LETTERS))  # that are decorations
    strict: bool = False  # whether a letter without a meaning is an error
    bars: list[Bar] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    chords: list[tuple[int, str]] = field(default_factory=list)  # the index of the note it stands over, its name
    following: dict[str, int] = field(default_factory=dict)  # what the last bar line says of the next bar
    tuplet: tuple[int, Fraction] = (0, Fraction(1))  # notes left in it, sounding over written length
    tuplet_notes: int = 0  # in all
    broken: Fraction | None = None  # factor for the next note
    begun: bool = False

    def line(self, text: str) -> None:
        """Read a line of music. Raises NotationError with its column, 0 for the whole line; prose is passed over."""
        leading = LEADING_ENDING.match(text) if self.bars and not self.notes else None
        if leading:  # the number of an ending whose bar line ended the line before
            self._ending_number(leading[1], leading.start(1) + 1)
            text = " " * leading.end() + text[leading.end() :]
        try:
            found = list(symbols(text))
            if any(match.lastgroup == "shorthand" for match in found):
                check_shorthands(text, found, self.letters, self.strict)
        except NotationError as error:
            if not is_prose(text):
                raise
            raise ProseError(error.reason, column=error.column) from error
        before = ""
        for index, match in enumerate(found):
            kind = str(match.lastgroup)
            if kind == "space":
                continue
            try:
                if kind in ("colon", "exclamation"):
                    self._alone(kind, before, found[index + 1 :])
                else:
                    getattr(self, f"_{kind}")(match)
            except NotationError as error:
                raise error.at(0, match.start() + 1) from error
            before = kind

    def _alone(self, kind: str, before: str, after: list[re.Match[str]]) -> None:
        """A colon or exclamation mark by itself belongs to the bar line before it, be it in the line before, or to the
        one after it."""
        beside = [match.lastgroup for match in after if match.lastgroup not in ("space", "text", "decoration")]
        if kind == "colon" and before and beside and beside[0] in ("bar", "invisible"):
            self._end_bar(end_repeat=True, double=False)
            return
        if before not in ("", "bar"):
            expected = "expected | beside :" if kind == "colon" else "a ! without its closing one"
            raise NotationError(expected)
        if kind == "colon":
            self._end_bar(end_repeat=False, double=False)
            self.following["start_repeat"] = 1

    def _pitch(self, accidental: str | None, letter: str, marks: str) -> Pitch:
        before = self.notes[-1] if self.notes else self.bars[-1].notes[-1] if self.bars else None
        return self.pitches.read(accidental, letter, marks, before.pitch if before and before.tied else None)

    def _note(self, match: re.Match[str]) -> None:
        self._begin(match)
        pitch = self._pitch(match["accidental"], match["letter"], match["octave"])
        self._append(pitch, length_of(match["length"]), match)

    def _rest(self, match: re.Match[str]) -> None:
        self._begin(match)
        self._append(None, length_of(match["rest_length"]), match)

    def _begin(self, match: re.Match[str]) -> None:
        self.begin(match.start() + 1)
        self.begun = True

    def _append(self, pitch: Pitch | None, length: Fraction, match: re.Match[str]) -> None:
        sounding = self.unit * length
        left, ratio = self.tuplet
        if left:
            sounding *= ratio
            self.tuplet = (left - 1, ratio)
        if self.broken:
            sounding *= self.broken
            self.broken = None
        if sounding.numerator <= 0:
            raise NotationError("a note of no length")
        goes_on = bool(self.bars) and not self.bars[-1].end_repeat and self.following.get("ending", 0) < 2
        if untie(self.bars, self.notes, pitch, goes_on):
            self.drop("slur", match.start() + 1)
        self.notes.append(Note(pitch, sounding))

    def _bars_of_rest(self, match: re.Match[str]) -> None:
        self._begin(match)
        count = int(match["rest_bars"] or 1)
        if self.metre.free:
            raise NotationError(f"{match[0]} rests for whole bars, and the tune has no metre")
        if not 0 < count <= MOST_BARS_OF_REST:
            raise NotationError(f"{match[0]}: expected 1 to {MOST_BARS_OF_REST} bars of rest")
        for last in range(1 - count, 1):
            self.notes.append(Note(None, self.metre.length))
            if last < 0:
                self._end_bar(end_repeat=False, double=False)

    def _chord(self, match: re.Match[str]) -> None:
        self._begin(match)
        self._tones(tones(match, self.letters), length_of(match["chord_length"]), match)

    def _plus(self, match: re.Match[str]) -> None:
        """`+trill+` of ABC 2.0, or `+CEG+`, a chord of ABC 1.6."""
        words = match["plus_words"]
        if is_known(words) or not re.fullmatch(f"(?:{_NOTES.pattern})+", words):
            self._decorate(words, match.start() + 1)
        else:
            self._begin(match)
            self._tones(_NOTES.findall(words), length_of(match["plus_length"]), match)

    def _tones(self, found: list[tuple[str, str, str, str, str]], length: Fraction, match: re.Match[str]) -> None:
        pitches = [self._pitch(accidental, letter, marks) for accidental, letter, marks, _, _ in found]
        if len(found) > 1:
            self.drop("chord", match.start() + 1)
        highest = max(range(len(pitches)), key=lambda index: pitches[index].midi)
        self._append(pitches[highest], length_of(found[0][3]) * length, match)
        if found[highest][4]:
            self.notes[-1] = self.notes[-1]._replace(tied=True)

    def _tie(self, match: re.Match[str]) -> None:
        if self.notes and self.notes[-1].pitch:
            self.notes[-1] = self.notes[-1]._replace(tied=True)
        else:
            self.drop("tie without a note", match.start() + 1)

    def _broken(self, match: re.Match[str]) -> None:
        marks = match[0]
        if not self.notes or self.broken:
            raise NotationError(f"broken rhythm {marks!r} does not stand between two notes")
        share = Fraction(1, 2 ** len(marks))
        first, self.broken = (2 - share, share) if marks[0] == ">" else (share, 2 - share)
        self.notes[-1] = self.notes[-1]._replace(length=self.notes[-1].length * first)

    def _tuplet(self, match: re.Match[str]) -> None:
        p, q, r = int(match["p"]), match["q"], match["r"]
        if p < 2 or (p > 9 and not q) or q in ("0", "00") or r in ("0", "00"):
            raise NotationError(f"tuplet {match[0]!r}: expected (2 to (9, or (p:q:r with numbers above 0")
        if self.tuplet[0] and self.tuplet[0] < self.tuplet_notes:
            raise NotationError("a tuplet inside a tuplet")
        usual = _USUAL.get(p, 3 if self.metre.compound else 2)
        self.tuplet_notes = int(r) if r else p
        self.tuplet = (self.tuplet_notes, Fraction(int(q) if q else usual, p))

    def _bar(self, match: re.Match[str]) -> None:
        text, ending = match[0], match["ending1"] or match["ending2"]
        line = (
            text[: (match.start("ending1") if match["ending1"] else match.start("ending2")) - match.start()]
            if ending
            else text
        )
        line = line.rstrip(" \t").removesuffix("[") if match["ending1"] else line
        line = line.lstrip(".")
        before, after = len(line) - len(line.lstrip(":")), len(line) - len(line.rstrip(":"))
        if line.strip(":") and max(before, after) > 1:
            self.drop("repeat played three times", match.start() + 1)
        self._end_bar(
            end_repeat=before > 0,
            double=line != "[|]" and ("||" in line or "|]" in line or "[|" in line),
        )
        if after > 0:
            self.following["start_repeat"] = 1
        if ending:
            self._ending_number(ending, match.start() + 1)

    def _invisible(self, match: re.Match[str]) -> None:
        self._end_bar(end_repeat=False, double=False)

    def _ending(self, match: re.Match[str]) -> None:
        self._end_bar(end_repeat=False, double=False)
        self._ending_number(match["ending3"], match.start() + 1)

    def _named_ending(self, match: re.Match[str]) -> None:
        self._end_bar(end_repeat=False, double=False)
        number = re.search(r"[1-9]", match["ending4"])
        self.drop(f"ending {match['ending4'][:12]!r}", match.start() + 1)
        if number:
            self.following["ending"] = int(number[0])

    def _ending_number(self, ending: str, column: int) -> None:
        numbers = [int(number) for number in re.findall(r"\d+", ending)]
        if 0 in numbers:
            raise NotationError(f"ending {ending[:12]!r}: expected numbers above 0", column=column)
        if len(numbers) > 1:
            self.drop(f"ending {ending.rstrip('.')}", column)
        self.following["ending"] = numbers[0]

    def finish(self) -> None:
        """What has no bar line behind it is a bar too."""
        self._end_bar(end_repeat=False, double=False)

    def _end_bar(self, *, end_repeat: bool, double: bool) -> None:
        if self.notes:
            flags = self.following
            repeat, ending = bool(flags.get("start_repeat")), flags.get("ending", 0)
            self.bars.append(Bar(tuple(self.notes), repeat, end_repeat, ending, double, self._chord_symbols()))
            self.notes, self.following = [], {}
            self.pitches.accidentals.clear()
        elif self.bars and not self.following:
            last = self.bars[-1]
            self.bars[-1] = replace(last, end_repeat=last.end_repeat or end_repeat, double=last.double or double)

    def _chord_symbols(self) -> tuple[ChordSymbol, ...]:
        """Those of the bar that ends; one behind its last note waits for the next bar."""
        if not self.chords:
            return ()
        onsets = [Fraction(0), *accumulate(note.length for note in self.notes)]
        here = [(index, name) for index, name in self.chords if index < len(self.notes)]
        self.chords = [(0, name) for index, name in self.chords if index >= len(self.notes)]
        return tuple(ChordSymbol(onsets[index], name) for index, name in here)

    def _text(self, match: re.Match[str]) -> None:
        if is_chord(match["text_words"]):
            self.chords.append((len(self.notes), match["text_words"].strip()))
        else:
            self.drop("annotation", match.start() + 1)

    def _shorthand(self, match: re.Match[str]) -> None:
        self.drop("decoration" if match[0] in self.letters else f"undefined letter {match[0]}", match.start() + 1)

    def _decoration(self, match: re.Match[str]) -> None:
        self._decorate(match["name"].strip(), match.start() + 1)

    def _decorate(self, name: str, column: int) -> None:
        if name in SHIFTING:
            self.drop(f"octave sign {name}", column)
        else:
            self.drop("decoration" if is_known(name) else f"unknown decoration {name[:30]!r}", column)

    def _grace(self, match: re.Match[str]) -> None:
        check_grace(match)
        self.drop("grace", match.start() + 1)

    def _slur(self, match: re.Match[str]) -> None:
        self.drop("slur", match.start() + 1)

    def _inline(self, match: re.Match[str]) -> None:
        self.read_field(match["inline_name"], match["inline_value"], match.start("inline_value") + 1)

    def _reserved(self, match: re.Match[str]) -> None:
        self.drop("reserved character", match.start() + 1)

    def _overlay(self, match: re.Match[str]) -> None:
        raise NotationError("a second voice (&); Tunesmith reads single melodies", kind=VOICES)

    def _microtone(self, match: re.Match[str]) -> None:
        raise NotationError(f"{match[0]!r} is no semitone; Tunesmith reads ^, ^^, _, __ and = before a note")

    def _line_break(self, match: re.Match[str]) -> None:
        pass

    _spacer = _line_break
