"""A few notes, as somebody types or plays them, as what tunes are found by."""

from bot.core.errors import BadRequest
from model.errors import InputError
from model.music.abc_reader import parse
from model.music.incipits import LONGEST, steps

FEWEST, LONGEST_TEXT = 4, 200  # notes, and characters
_SIGNATURES = ("C", "G", "D", "A", "F")  # in which letters without accidentals and without a key are read
EXAMPLE = "D F A d"


def read_notes(text: str, key: str = "") -> tuple[str, ...]:
    """The ways to read notes in ABC notation, as steps (model.music.incipits). BadRequest where there is none.

    Letters are in `key`, where there is one; otherwise the signature is guessed, unless there are accidentals.
    """
    if len(text) > LONGEST_TEXT:
        raise BadRequest(f"those are {len(text)} characters: a few notes are enough, such as {EXAMPLE}")
    keys = (key,) if key else ("C",) if set(text) & set("^_=") else _SIGNATURES
    found = dict.fromkeys(_steps(text, one) for one in keys)
    return tuple(found)


def _steps(text: str, key: str) -> str:
    body = " ".join(text.replace("|", " ").split())
    try:
        tune = parse(f"X:1\nM:4/4\nL:1/8\nK:{key}\n{body}|\n")
    except InputError as error:
        raise BadRequest(f"the notes cannot be read: write letters as in ABC, such as {EXAMPLE}") from error
    pitches = [pitch.midi for pitch in tune.pitches]
    if len(pitches) < FEWEST:
        raise BadRequest(f"give at least {FEWEST} notes, such as {EXAMPLE}")
    return steps(pitches)[:LONGEST]
