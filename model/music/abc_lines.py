"""The lines of a tune in ABC: comments, directives, blocks of text, and headers that stand in one line."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from model.music.abc_text import uncontrolled

LINE_END = re.compile(r"\r\n|\n|\r")
_QUOTED = re.compile(r"^[ \t]*>[ \t>]*", re.MULTILINE)
_HTML_BREAK = re.compile(r"<br ?/?>[ \t]*(?:\r\n|\n|\r)?", re.IGNORECASE)
_TUNE_IN_QUOTE = re.compile(r"^[ \t]*>[ \t>]*(?:X[ \t]*:|K[ \t]*:[ \t]*[A-G])", re.MULTILINE)
FIELD = re.compile(r"[ \t]*([A-Za-z+])[ \t]*:(.*)$", re.DOTALL)
_NOTE_THEN_REPEAT = re.compile(r"[ \t]*[A-Ga-gxzZX][ \t]*:[|:]")  # looks like a field, but is a note and a repeat sign
_BLOCK = re.compile(r"%%[ \t]*begin(\w+)", re.IGNORECASE)
FENCE = re.compile(r"[ \t]*(?:```|~~~)")
_COMMENT = re.compile(r"(?<!\\)%")
_HEADER_IN_A_LINE = re.compile(r"[ \t]+(?=[A-Za-z]:[^|:\]])")
_KEY_INSIDE = re.compile(r"(?:^|[ \t])K[ \t]*:(?![|:])")
_KEY_LINE = re.compile(r"[ \t]*(?:\[[A-Z]:[^]]*\])*\[?K[ \t]*:(?![|:])")


class Line(NamedTuple):
    """A line without its comment; `column` of its first character and `number` count from 1.

    `dropped` names what it is where it says nothing of the music: a comment, a directive or text.
    """

    number: int
    column: int
    text: str
    dropped: str = ""


def lines(text: str, first: int = 1) -> Iterator[Line]:
    """The lines of a tune's `text`, the `first` line of which has that number in its file."""
    physical = LINE_END.split(uncontrolled(text))
    in_one = not any(_KEY_LINE.match(line) for line in physical)
    block = ""
    for number, line in enumerate(physical, start=first):
        if block:
            block = "" if re.match(rf"%%[ \t]*end{block}\b", line, re.IGNORECASE) else block
            yield Line(number, 1, "", "text block")
        elif opened := _BLOCK.match(line):
            block = re.escape(opened[1])
            yield Line(number, 1, line, "directive")
        elif line.startswith("%%"):
            yield Line(number, 1, line, "directive")
        else:
            yield from _uncommented(number, line, in_one)
    if block:
        yield Line(first + len(physical) - 1, 1, "", "text block without its end")


def _uncommented(number: int, line: str, in_one: bool) -> Iterator[Line]:
    if comment := _COMMENT.search(line):
        yield Line(number, comment.start() + 1, "", "comment")
        line = line[: comment.start()]
        if not line.strip():
            return
    line = line.rstrip()
    if in_one and _KEY_INSIDE.search(line):
        yield from _fields_of(number, line)
    else:
        yield Line(number, 1, line)


def _fields_of(number: int, line: str) -> Iterator[Line]:
    """A header whose lines became one, as in a message: each of its fields is a line."""
    place = 0
    for gap in [*_HEADER_IN_A_LINE.finditer(line), None]:
        end = gap.start() if gap else len(line)
        yield Line(number, place + 1, line[place:end])
        place = gap.end() if gap else end


def unwrapped(text: str) -> str:
    """`text` without the signs that mail puts before quoted lines, as wide as before, and with line ends for HTML's."""
    if _TUNE_IN_QUOTE.search(text):
        text = _QUOTED.sub(lambda found: " " * len(found[0]), text)
    return _HTML_BREAK.sub("\n", text) if "<" in text else text


def field_of(line: str, in_body: bool) -> re.Match[str] | None:
    """The name and value of an information field, where the line is one; in a body `c:|` is a note."""
    match = FIELD.match(line)
    return None if match and in_body and _NOTE_THEN_REPEAT.match(line) else match
