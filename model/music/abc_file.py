"""The tunes in a file of ABC (ABC standard 2.1, section 2.2)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from model.music.abc_lines import FENCE, LINE_END, field_of, unwrapped
from model.music.abc_symbols import is_music
from model.music.abc_text import plain

_TUNE = re.compile(r"[ \t]*X[ \t]*:(?![|:])")
_KEY = re.compile(r"[ \t]*(?:\[[A-Z]:[^]]*\])*\[?K[ \t]*:(?![|:])")
_KEY_IN_LINE = re.compile(r"[ \t]*[A-Z]:(?!.*[|]:?[ \t]*K:).*[ \t]K:[ \t]*[A-Gn]")
_BLOCK = re.compile(r"%%[ \t]*begin(\w+)", re.IGNORECASE)


@dataclass(frozen=True)
class TuneText:
    """The text of one tune. `line` is the number of its first line in `file`, `header` that file's header."""

    text: str
    line: int = 1
    header: str = ""
    file: str = ""

    def field(self, name: str) -> str:
        """The first field of this name, also where the tune itself cannot be read; empty without one."""
        found = re.search(rf"^[ \t]*{name}[ \t]*:(.*)$", self.text, re.MULTILINE)
        return plain(found[1]) if found else ""

    @property
    def title(self) -> str:
        return self.field("T")

    @property
    def number(self) -> int | None:
        """What `X:` says, where it is a number."""
        found = re.match(r"\d{1,9}", self.field("X"))
        return int(found[0]) if found else None


def tune_texts(text: str) -> Iterator[TuneText]:
    """The tunes of an ABC file.

    A tune begins at `X:`, or without one at the first field of a block of lines that has a `K:`, and ends at an empty
    line behind its music, or where the next one begins. Music behind that empty line goes with it, to be remarked on.
    """
    splitter = _Splitter()
    for number, line in enumerate(LINE_END.split(unwrapped(text.removeprefix("\ufeff"))), start=1):
        yield from splitter.line(number, line)
    yield from splitter.end()


class _Splitter:
    """Collects the lines of a tune until it ends."""

    def __init__(self) -> None:
        self.header: list[str] = []  # of the file
        self.lines: list[str] = []  # of the tune, or of what may be one
        self.empty: list[str] = []  # lines behind its music
        self.start = 0
        self.numbered = self.keyed = self.music = self.over = False
        self.block = ""
        self.any = False  # whether there was a tune

    def line(self, number: int, line: str) -> Iterator[TuneText]:
        if self.block:
            self.block = "" if re.match(rf"%%[ \t]*end{self.block}\b", line, re.IGNORECASE) else self.block
            self._add(number, line)
        elif opened := _BLOCK.match(line):
            self.block = re.escape(opened[1])
            self._add(number, line)
        elif _TUNE.match(line) and not self._only_numbered():
            yield from self._before(number)
            self.numbered = True
            self._add(number, line)
        elif not line.strip() or FENCE.match(line):
            yield from self._empty(number, line)
        elif self.over and (field_of(line, True) or not is_music(line)):
            yield from self._flush()
            self._content(number, line)
        else:
            self.lines += self.empty
            self.empty = []
            self._content(number, line)

    def _only_numbered(self) -> bool:
        """Whether nothing but `X:` has come of the tune: a second one right behind it says the same."""
        return self.numbered and len([line for line in self.lines if line.strip()]) == 1

    def _before(self, number: int) -> Iterator[TuneText]:
        """An `X:` ends what stood before it; fields without a key are then the file's header, or this tune's."""
        if self.numbered or self.keyed:
            yield from self._flush()
        elif not self.any:
            self.header += self.lines
            self._reset()
        else:
            self._reset()

    def _add(self, number: int, line: str) -> None:
        if not self.lines:
            self.start = number
        self.lines.append(line)

    def _content(self, number: int, line: str) -> None:
        field = field_of(line, self.keyed)
        if not self.lines and not field and not line.startswith(("%", "[")):
            return  # text between tunes
        self._add(number, line)
        if _KEY.match(line) or (not self.keyed and _KEY_IN_LINE.match(line)):
            self.keyed = True
            self.music = self.music or not field or "|" in line
        elif self.keyed and not field and not line.startswith("%"):
            self.music = True

    def _empty(self, number: int, line: str) -> Iterator[TuneText]:
        if self.music:
            self.over = True
            self.empty.append("")
            if FENCE.match(line):
                yield from self._flush()
        elif self.lines and (self.numbered or self.keyed):
            self._add(number, line)
        elif not self.any:
            self.header += self.lines
            self._reset()
        else:
            self._reset()

    def _flush(self) -> Iterator[TuneText]:
        if self.numbered or (self.keyed and self.music):
            self.any = True
            yield TuneText("\n".join(self.lines).strip("\n"), self.start, "\n".join(self.header))
        self._reset()

    def _reset(self) -> None:
        self.lines, self.empty, self.start = [], [], 0
        self.numbered = self.keyed = self.music = self.over = False

    def end(self) -> Iterator[TuneText]:
        yield from self._flush()
