"""Tunes as note tokens, and back.

A tune is spelled on tonic C, its lengths in multiples of an eighth note. Its tokens are, in order:

    R:reel M:4/4 K:dor F:AABB                      header
    |: bars=8 pickup=1                             a part that is repeated (`[|`: one that is not)
    E | c2 ^d z3/2 ... | ...                       notes, accidentals relative to the mode's scale; bar lines
    [1 ... [2 ...                                  endings, each in place of a bar line
    |]                                             the end
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from model.errors import NotationError
from model.music.form import Form
from model.music.key import NATURAL, Key, Pitch
from model.music.parts import Notes, Part, label
from model.music.spelling import respelled
from model.music.spelling import transposed as transposed_pitch
from model.music.tune import TICKS, Note

LONGEST_BAR = 144  # ticks: 3/2 and 12/8
BARS_SEEN = 33  # bar numbers above 32 look alike to the network
MEAN_PITCH = 67  # MIDI: tunes are spelled in the octave that brings their mean nearest to it
_ACCIDENTALS = {-2: "__", -1: "_", 0: "", 1: "^", 2: "^^"}


def ticks(length: Fraction) -> int:
    """`length` (of whole notes) in ticks. Raises NotationError where that is no whole number, as in a quintuplet."""
    return _ticks(length.numerator, length.denominator)


@lru_cache(maxsize=1024)
def _ticks(numerator: int, denominator: int) -> int:
    count, rest = divmod(numerator * TICKS, denominator)
    if rest:
        length = Fraction(numerator, denominator)
        raise NotationError(f"a note of length {length}: only plain lengths and triplets are composed with")
    return count


def note_token(note: Note, key: Key) -> str:
    """The token of a note spelled in `key`, whose tonic is C. Raises NotationError where there is none for it."""
    ticks(note.length)
    length = _units(note.length)
    if note.pitch is None:
        return "z" + length
    alter = note.pitch.alter - key.signature[note.pitch.step]
    if abs(alter) > 2:
        raise NotationError("an accidental far outside the scale")
    letter = "CDEFGAB"[note.pitch.step]
    octave = note.pitch.octave
    name = letter + "," * (4 - octave) if octave < 5 else letter.lower() + "'" * (octave - 5)
    return _ACCIDENTALS[alter] + name + length


@lru_cache(maxsize=4096)
def token_note(token: str, key: Key) -> Note | None:
    """The note that `token` stands for in `key` (tonic C); None for a token that is no note."""
    accidental = token[: len(token) - len(token.lstrip("^_"))]
    rest = token[len(accidental) :]
    if rest[:1] not in set("CDEFGABcdefgabz") or ":" in token or "=" in token:
        return None
    marks = len(rest[1:]) - len(rest[1:].lstrip(",'"))
    length = Fraction(rest[1 + marks :] or "1") / 8
    if rest[0] == "z":
        return Note(None, length)
    step = "CDEFGAB".index(rest[0].upper())
    octave = (5 if rest[0].islower() else 4) + rest.count("'") - rest.count(",")
    alter = key.signature[step] + {"": 0, "^": 1, "^^": 2, "_": -1, "__": -2}[accidental]
    return Note(Pitch(step, alter, octave), length)


def _units(length: Fraction) -> str:
    units = length * 8
    return "" if units == 1 else str(units)


@dataclass(frozen=True)
class NormalizedTune:
    """A tune without title or key: what the network learns and composes. Notes are spelled on tonic C."""

    rhythm: str
    metre: Fraction  # length of a bar in whole notes
    metre_name: str
    mode: str
    parts: tuple[Part, ...]


def spelled_on_c(parts: Sequence[Part], key: Key) -> tuple[Part, ...]:
    """`parts` transposed from `key` to tonic C and written as is usual there, their mean nearest to MEAN_PITCH.

    See merge_ties for ties.

    Raises NotationError for parts of rests.
    """
    pitches = [n.pitch.midi for part in parts for bar in part.written_bars for n in bar if n.pitch]
    if not pitches:
        raise NotationError("the tune has only rests")
    mean = sum(pitches) / len(pitches)
    tonic = NATURAL[key.step] + key.alter
    octaves = round((MEAN_PITCH - mean + tonic) / 12)
    steps, semitones, on_c = -key.step + 7 * octaves, -tonic + 12 * octaves, Key(0, 0, key.mode)

    def transposed(notes: Notes) -> Notes:
        merged = merge_ties(notes)
        moved = (note.pitch and transposed_pitch(note.pitch, key, steps, semitones, on_c) for note in merged)
        spelled = respelled(moved, on_c)
        return tuple(Note(pitch, note.length) for note, pitch in zip(merged, spelled, strict=True))

    return tuple(part.each_bar(transposed) for part in parts)


def merge_ties(notes: Notes) -> Notes:
    """Tied notes of one pitch become one; a tie into another bar is dropped."""
    merged: list[Note] = []
    for note in notes:
        if merged and merged[-1].tied and merged[-1].pitch == note.pitch:
            merged[-1] = Note(note.pitch, merged[-1].length + note.length, note.tied)
        else:
            merged.append(note)
    return tuple(note._replace(tied=False) if note.tied else note for note in merged)


def encode(tune: NormalizedTune) -> list[str]:
    """The tokens of `tune`. Raises NotationError for notes that have none."""
    form = label(tune.parts)
    key = Key(0, 0, tune.mode)
    known = form if form in Form.FORMS else "other"
    tokens = [f"R:{tune.rhythm}", f"M:{tune.metre_name}", f"K:{tune.mode or 'maj'}", f"F:{known}"]
    for part in tune.parts:
        tokens += part_header(part)
        if part.pickup:
            tokens += [*(note_token(n, key) for n in part.pickup), "|"]
        tokens += _bars(part.bars, key)
        if part.endings:
            first, second = part.endings
            tokens[-1:] = ["[1"] if part.bars else [tokens[-1], "[1"]
            tokens += [*_bars(first, key)[:-1], "[2", *_bars(second, key)[:-1]]
        else:
            tokens.pop()
    return [*tokens, "|]"]


def part_header(part: Part) -> list[str]:
    """The tokens before a part's notes: its repeat, its length in bars, its pickup in eighths."""
    pickup = sum((n.length for n in part.pickup), Fraction(0))
    ticks(pickup)
    return ["|:" if part.repeated else "[|", f"bars={min(part.length, BARS_SEEN - 1)}", f"pickup={pickup * 8}"]


def _bars(bars: Iterable[Notes], key: Key) -> list[str]:
    return [token for bar in bars for token in [*(note_token(n, key) for n in bar), "|"]]


def decode(tokens: Sequence[str]) -> NormalizedTune:
    """The tune that `tokens` spell. Raises NotationError if they do not spell one."""
    header = {token[:1]: token[2:] for token in tokens[:4]}
    if not ("".join(header) == "RMKF" and re.fullmatch(r"\d+/\d+", header["M"]) and len(tokens) > 4):
        raise NotationError("these tokens do not begin as a tune does")
    mode = "" if header["K"] == "maj" else header["K"]
    key = Key(0, 0, mode)
    parts: list[Part] = []
    place = 4
    while place < len(tokens) and tokens[place] != "|]":
        end = next((i for i in range(place + 1, len(tokens)) if tokens[i] in ("|:", "[|", "|]")), len(tokens))
        parts.append(_decode_part(tokens[place:end], key))
        place = end
    beats, unit = header["M"].split("/")
    return NormalizedTune(header["R"], Fraction(int(beats), int(unit)), header["M"], mode, tuple(parts))


def _decode_part(tokens: Sequence[str], key: Key) -> Part:
    if len(tokens) < 3:
        raise NotationError("a part breaks off before it begins")
    repeated = tokens[0] == "|:"
    has_pickup = tokens[2] != "pickup=0"
    groups: list[list[list[Note]]] = [[[]]]
    for token in tokens[3:]:
        if token == "|":
            groups[-1].append([])
        elif token in ("[1", "[2"):
            groups.append([[]])
        else:
            note = token_note(token, key)
            if note is None:
                raise NotationError(f"token {token!r} inside a part")
            groups[-1][-1].append(note)
    body, *endings = [tuple(tuple(bar) for bar in group) for group in groups]
    pickup, body = (body[0], body[1:]) if has_pickup else ((), body)
    return Part(pickup, tuple(bar for bar in body if bar), tuple(endings), repeated)


@lru_cache(maxsize=4096)
def token_ticks(token: str) -> int:
    """Length of a note token in ticks; 0 for any other token."""
    note = token_note(token, Key(0, 0, ""))
    return ticks(note.length) if note else 0
