"""ABC notation (ABC standard 2.1) -> Tune, with exact fractions.

What Tunesmith has no place for (decorations, annotations, grace notes, slurs, lyrics, comments, ...) is left out on
purpose, with a remark in `Tune.remarks`; of a chord the highest note stays. Text that cannot be read raises
NotationError with its line and column, and what was expected there.
"""

import re

from model.errors import InputError, NotationError
from model.music.abc_bars import Bars
from model.music.abc_fields import tempo
from model.music.abc_file import TuneText
from model.music.abc_header import Header, Setting
from model.music.abc_lines import FENCE, Line, field_of, lines
from model.music.abc_symbols import is_music
from model.music.abc_text import plain, straightened
from model.music.abc_words import ProseError
from model.music.parts import with_repeat_starts
from model.music.tune import Remark, Tune

LONGEST_TEXT = 100_000  # characters; the longest tune in the five collections has under 5,000
BEHIND = "music behind an empty line"
_IN_FILE_HEADER = frozenset("ABCDFGHILMmNORrSUZ")  # ABC 2.1, section 3: the fields that a file's header may have
_NOT_CONTINUED = frozenset("KLMQVXP")
_INLINE = re.compile(r"[ \t]*\[[A-Za-z]:")
_FIELD_BEHIND = re.compile(r"\[?([A-Za-z]):([^]]*)\]?$")


def parse(text: str | TuneText, setting: Setting | None = None) -> Tune:
    """Read the one tune in `text`. Raises NotationError, whose message names the line and column.

    With a `setting`, text without a header is music, and letters that ABC gives no meaning are errors.
    """
    tune = TuneText(text) if isinstance(text, str) else text
    if len(tune.text) > LONGEST_TEXT:
        raise NotationError(f"the ABC text has {len(tune.text)} characters; a tune has at most {LONGEST_TEXT}")
    reader = _Reader(setting)
    reader.file_header(tune.header)
    ended = False
    for line in lines(tune.text, tune.line):
        blank = not line.dropped and (not line.text.strip() or FENCE.match(line.text))
        if blank:
            ended = ended or reader.bars.begun
        elif not ended:
            reader.line(line)
        elif reader.is_behind(line):
            break
    return reader.tune()


class _Reader:
    """State of reading one tune, line by line."""

    def __init__(self, setting: Setting | None) -> None:
        self.remarks: list[Remark] = []
        self.bars = Bars(self._drop, self._inline, self._begin, strict=setting is not None)
        self.header = Header(self.bars, self._drop, self._behind, setting)
        self.at = Line(0, 1, "")
        self.last_field = ""
        self.continued = False  # whether a backslash ended a field's line
        self.prose: NotationError | None = None

    def _drop(self, kind: str, column: int = 1) -> None:
        self.remarks.append(Remark(kind, self.at.number, self.at.column + column - 1, len(self.bars.bars) + 1))

    def _begin(self, column: int) -> None:
        self.header.begin(column)

    def file_header(self, text: str) -> None:
        """The fields of a file's header hold for each of its tunes (section 2.2.2)."""
        for line in lines(text) if text else ():
            self.at = line
            found = field_of(line.text, False)
            if line.dropped == "directive":
                self.header.directive(line.text)
            elif found and found[1] in _IN_FILE_HEADER:
                self._field(found[1], found[2], found.start(2))
        self.remarks.clear()
        self.header.inherited, self.header.fields = self.header.fields, {}

    def line(self, line: Line) -> None:
        """Read a line. Raises NotationError with its place."""
        self.at = line
        try:
            self._line(line)
        except NotationError as error:
            raise error.at(line.number) from error
        except InputError as error:
            raise NotationError(str(error), line.number) from error

    def _line(self, line: Line) -> None:
        found = field_of(line.text, self.header.ended)
        if line.dropped:
            self._drop(line.dropped)
            self.header.directive(line.text)
        elif found:
            value = found[2].strip()
            self.continued = value.endswith("\\") and found[1] not in _NOT_CONTINUED
            self._field(found[1], value.removesuffix("\\") if self.continued else value, found.start(2))
        elif self.continued:  # a line behind a field that ended in a backslash, as files older than `+:` have it
            self.continued = line.text.endswith("\\")
            self._drop("continued line")
        elif self.header.ended or _INLINE.match(line.text):
            self._music(line.text)
        else:
            self._drop("text")

    def _inline(self, name: str, value: str, column: int) -> None:
        self._field(name, value, column - 1)

    def _field(self, name: str, value: str, offset: int) -> None:
        """Read a field; what is wrong with it stands where its value does, from `offset` in the line on."""
        value = value.strip()
        column = self.at.text.find(value, offset) + 1 if value else offset + 1
        try:
            if name == "+":
                self._continue(value)
            else:
                self.header.read(name, value, column)
                self.last_field = name
        except NotationError as error:
            raise error.at(0, self.at.column + column - 1) from error
        except InputError as error:
            raise NotationError(str(error), 0, self.at.column + column - 1) from error

    def _continue(self, value: str) -> None:
        if self.last_field in self.header.fields:
            self.header.fields[self.last_field] += f" {value}"
        else:
            self._drop("continued line")

    def _behind(self, rest: str, column: int) -> None:
        """What stands behind a field's value in its line: more fields, or music."""
        if found := _FIELD_BEHIND.match(rest):
            self._field(found[1], found[2], column - 1 + found.start(2))
        elif self.header.ended and (not self.bars.begun or "|" in rest):
            self._music(" " * (column - 1) + rest)
        else:
            raise NotationError(f"expected the end of the field, not {rest[:12]!r}")

    def _music(self, text: str) -> None:
        text = straightened(text)
        for macro in self.header.macros:
            if found := re.search(re.escape(macro).replace("n", "[A-Ga-g]"), text):  # n stands for any note
                reason = f"the macro {macro[:20]!r} (an m: field); Tunesmith reads none"
                raise NotationError(reason, column=self.at.column + found.start())
        try:
            self.bars.line(text)
        except ProseError as error:
            self.prose = self.prose or error.at(self.at.number)
            self._drop("text")
        except NotationError as error:
            column = error.column and error.column + self.at.column - 1
            raise NotationError(error.reason, error.line, column, error.kind) from error

    def is_behind(self, line: Line) -> bool:
        """Whether a line behind the empty one that ends the tune is music, which then gets a remark."""
        if line.dropped or field_of(line.text, True) or not is_music(line.text):
            return False
        self.at = line
        self._drop(BEHIND)
        return True

    def tune(self) -> Tune:
        header = self.header
        if not header.ended:
            raise NotationError("no K: field, so this is not a tune in ABC notation")
        self.bars.finish()
        if not self.bars.bars:
            raise self.prose or NotationError("the tune has no notes")
        assert header.key
        assert header.metre
        assert header.unit
        number = re.match(r"\d{1,9}", header.fields.get("X", ""))
        tune = Tune(
            title=plain(header.fields.get("T", "")),
            key=header.key,
            metre=header.metre,
            bars=tuple(self.bars.bars),
            rhythm=plain(header.fields.get("R", header.inherited.get("R", ""))),
            unit_length=header.unit,
            tempo=tempo(header.tempo),
            number=int(number[0]) if number else 1,
            remarks=tuple(self.remarks),
        )
        return with_repeat_starts(tune)
