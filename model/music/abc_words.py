"""Words among music: what is wrong with a line of ABC that is none, and letters that ABC gives no meaning."""

import re
from collections.abc import Sequence, Set

from model.errors import NotationError

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_QUOTED = re.compile(r'"[^"]*"|![^!]*!|\[[A-Za-z]:[^]]*\]')
_MUSICAL = re.compile(r"[A-HJLMOPRSTXZa-guvxyz]")  # notes, rests, and the standard's decorations
_ONE_WORD = re.compile(r"\s*[A-Za-z]+[h-jl-oqrw][A-Za-z]*[.!,]?\s*$")  # a name under a tune
_EXPECTED = {
    "[": "the [ of a chord without its ]",
    "{": "the { of grace notes without its }",
    '"': 'a " without its closing one',
    "!": "a ! without its closing one",
    "+": "a + without its closing one",
    "^": "expected a note after ^",
    "_": "expected a note after _",
    "=": "expected a note after =",
    "#": "a sharp is written before its note, as in ^f",
    "/": "expected a note before /",
    "]": "a ] without its [",
    "}": "a } without its {",
    ",": "expected a note before ,",
    "'": "expected a note before '",
}
_INSIDE_WORD = re.compile(r"[A-Ga-g][h-jl-rt-w]")  # k and s stand behind notes in books
_NAMES = frozenset("ABCDEFGabcdefgxyzXZ")  # letters of notes and rests
_CAN_BE_DECORATED = """
    note rest chord grace tuplet slur shorthand decoration text plus spacer bars_of_rest bar ending inline invisible
    broken
"""
_DECORATED = frozenset(_CAN_BE_DECORATED.split())


class ProseError(NotationError):
    """A line that is a text and no music."""


def unreadable(line: str, place: int) -> NotationError:
    """What is wrong with a line of music at `place`, counted from 0."""
    word = next((word for word in _WORD.finditer(line) if word.start() <= place < word.end()), None)
    if word and len(word[0]) > 1:
        reason = f"the word {word[0][:20]!r} is no music: expected notes, rests or bar lines"
        return NotationError(reason, column=word.start() + 1)
    reason = _EXPECTED.get(line[place]) or f"expected a note, a rest or a bar line, not {line[place : place + 8]!r}"
    return NotationError(reason, column=place + 1)


def is_prose(line: str) -> bool:
    """Whether a line that is not music is a text: most of its words have letters that no music has.

    A line with bar lines has to have many such words: it may be music with a mistake.
    """
    bare = _QUOTED.sub(" ", line)
    words = [word for word in _WORD.findall(bare) if len(word) > 1]
    strange = [set(_MUSICAL.sub("", word)) for word in words if _MUSICAL.sub("", word)]
    if not words:
        return not re.search(r"[A-Ga-gzxZX0-9|]", bare)
    if "|" in bare:
        return len(strange) >= 3 and len(strange) > len(words) * 3 / 4
    if len(words) == 1 and _ONE_WORD.match(bare):
        return True
    return len(strange) > len(words) / 2 and (len(words) > 1 or any(len(letters) > 1 for letters in strange))


def check_shorthands(text: str, found: Sequence[re.Match[str]], known: Set[str], strict: bool) -> None:
    """Raises NotationError with the column where a letter is no decoration of what follows it.

    One outside `known` may stand before a note, as private signs of old books do; with `strict` it may not, nor inside
    a word that is no music: behind a note's letter, beside others, or behind a lone exclamation mark.
    """
    unknown = [match for match in found if match.lastgroup == "shorthand" and match[0] not in known]
    if unknown and "|" not in text and is_prose(text):
        raise unreadable(text, unknown[0].start())
    for index, match in enumerate(found):
        if match.lastgroup != "shorthand" or (match[0] in known and match[0] != "."):
            continue
        after = [other.lastgroup for other in found[index + 1 : index + 4] if set(other[0]) != {"`"}]
        if match[0] == ".":
            if not after or after[0] not in _DECORATED:
                raise NotationError("expected a note after .", column=match.start() + 1)
            continue
        follows = [kind for kind in after if kind != "space"]
        word = (
            len(set(_run(text, match)) - _NAMES - known) > 1  # several letters that mean nothing
            or bool(_INSIDE_WORD.match(text[max(0, match.start() - 1) : match.end()]))
            or any(other.lastgroup == "exclamation" for other in found)
        )
        if word or strict or not follows or follows[0] not in _DECORATED - {"bar"}:
            raise unreadable(text, match.start()) if word or len(_run(text, match)) > 2 else _undefined(match)


def _run(text: str, match: re.Match[str]) -> str:
    """The letters around one."""
    return next(run[0] for run in re.finditer(r"[A-Za-z~]+", text) if run.start() <= match.start() < run.end())


def _undefined(match: re.Match[str]) -> NotationError:
    reason = f"{match[0]!r} is no note, rest or decoration; expected one of those, or a U: field that defines it"
    return NotationError(reason, column=match.start() + 1)
