"""Display names of the books that the corpus is read from, and of the tunes in them."""

import re

from model.music.never_said import shown

BOOKS = {
    "cobb": "Cobb's Irish Folk Music",
    "oneills1850": "O'Neill's Music of Ireland",
    "ryansMammoth": "Ryan's Mammoth Collection",
    "airdsAirs": "Aird's Airs",
    "miscFolk": "music21's folk tunes",
}
_SMALL = re.compile(r"(?<= )(A|An|And|At|By|For|From|In|Of|On|Or|The|To|With)(?= )")
_ENDING = re.compile(r"(?<=')(D|Er|Ll|M|Re|S|T|Ve)\b")  # what stands behind an apostrophe, but for O'Neill
_INVERTED = re.compile(r"(.+?)[.,]*, (The|A|An)\.?")


def book(source: str) -> str:
    """The name of the book that is the corpus source `source`; a user's own source keeps the name it has."""
    return BOOKS.get(source, source)


def titled(printed: str) -> str:
    """A title as people write it, from one as music21's books have it: `CASTLE OF DROMORE., THE -- REEL`.

    Not one with words that are never said.
    """
    title = (printed.partition(" -- ")[0] or printed).strip()
    if title.isupper():
        title = _ENDING.sub(_lower, _SMALL.sub(_lower, title.title()))
    if inverted := _INVERTED.fullmatch(title):
        title = f"{inverted[2]} {inverted[1]}"
    return shown(title if title.endswith("&c.") else title.rstrip(".") or title)


def _lower(found: re.Match[str]) -> str:
    return found[0].lower()
