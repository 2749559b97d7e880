"""Describes commands and their options, and parses `name:value` pairs."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.core.errors import BadRequest

_NAMED = re.compile(r"(\w+):\s*")
_NEXT = re.compile(r"\s\w+:")
_CLOSING = re.compile(r'"(?=\s+\w+:|\s*$)')  # ABC may hold quotes of its own
_CURLY = str.maketrans("“”„", '"""')  # phones type these


@dataclass(frozen=True)
class Value:
    """A suggested value: `text` is typed, `label` explains it, and the words in `also` find it as well."""

    text: str
    label: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Option:
    """An option of a command. `closed`: only its `values` are valid. `quoted`: its value may be in quotes."""

    name: str
    summary: str
    values: tuple[Value, ...] = ()
    required: bool = False
    closed: bool = False
    quoted: bool = False


@dataclass(frozen=True)
class Command:
    """A command and its options, in the order of the completion list."""

    name: str
    summary: str
    options: tuple[Option, ...] = ()


def parse_options(text: str, command: str, options: Sequence[Option], example: str) -> Iterator[tuple[str, str]]:
    """Yields (name, value). A value ends before the next ` name:`, so `slip jig` needs no quotes. Raises BadRequest."""
    known = {option.name: option for option in options}
    seen: set[str] = set()
    at = 0
    while at < len(text):
        match = _NAMED.match(text, at)
        if match is None:
            word = text[at:].split()[0][:20]
            raise BadRequest(f"What is “{word}”? Write options as name:value, for example {example}")
        name = match[1].lower()
        if name not in known:
            existing = f"it has {', '.join(known)}" if known else "it has none"
            raise BadRequest(f"/{command} has no option “{match[1][:20]}”: {existing}.")
        if name in seen:
            raise BadRequest(f"The option {name} stands there twice: keep one.")
        value, at = _value(text, match.end(), name)
        seen.add(name)
        yield name, value if known[name].quoted else " ".join(value.split())


def _value(text: str, at: int, name: str) -> tuple[str, int]:
    """The value that begins at `at`, and where the next option begins."""
    if text[at : at + 1].translate(_CURLY) == '"':
        straight = text.translate(_CURLY)
        closing = _CLOSING.search(straight, at + 1)
        if closing is None:
            raise BadRequest(f'The {name} opens a quote that never closes: write {name}:"…"')
        return straight[at + 1 : closing.start()].strip(), _skip(text, closing.end())
    following = _NEXT.search(text, at)
    end = following.start() if following else len(text)
    return text[at:end].strip(), _skip(text, end)


def _skip(text: str, at: int) -> int:
    return len(text) - len(text[at:].lstrip())
