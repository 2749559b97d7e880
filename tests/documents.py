"""Finds the commands in the documents: lines of blocks without a language, and code between backticks."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from operator import ne

from tests.imports import ROOT

PAGES = (
    *("README.md", "CONTRIBUTING.md", "SECURITY.md", "model/checkpoints/README.md"),
    *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md")),
)
OURS = re.compile(r"(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?(?:python -m (bot|model)|tunesmith)(?= |$)")
_BLOCK = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_PROGRAMS = r"make|pip|apt|npm|git|curl|docker|systemctl"
_IN_TEXT = re.compile(rf"{OURS.pattern} \S|(?:{_PROGRAMS}) \S|python -m tests\.")
_HERE = re.compile(r"<<'(\w+)'$")
_COMMENT = re.compile(r"\s+#\s.*$")


@dataclass(frozen=True)
class Command:
    """A command, as a page has it, with the lines that it reads from a here-document."""

    page: str
    text: str


def commands() -> list[Command]:
    """All commands of all pages; a line of several is one."""
    return [Command(page, text) for page in PAGES for text in _of((ROOT / page).read_text())]


def settings() -> list[str]:
    """What the pages have in config.toml."""
    blocks = [block for page in PAGES for name, block in _BLOCK.findall((ROOT / page).read_text()) if name == "toml"]
    written = [command.text for command in commands() if command.text.startswith("cat > config.toml")]
    return blocks + ["\n".join(text.splitlines()[1:-1]) for text in written]


def arguments(text: str) -> tuple[str, list[str]]:
    """`bot` or `model`, and the arguments that a command of ours gives it."""
    found = OURS.match(text)
    assert found
    return found[1] or "bot", shlex.split(text[found.end() :].partition(" > ")[0])


def _of(page: str) -> Iterator[str]:
    for language, block in _BLOCK.findall(page):
        if not language:
            yield from _lines(block)
    for span in _SPAN.findall(_BLOCK.sub("", page)):
        if _IN_TEXT.match(span):
            yield span


def _lines(block: str) -> Iterator[str]:
    lines = iter(block.replace("\\\n", "").splitlines())
    for line in lines:
        text = _COMMENT.sub("", line).strip()
        if here := _HERE.search(text):
            text = "\n".join([text, *takewhile(partial(ne, here[1]), lines), here[1]])
        if text:
            yield text
