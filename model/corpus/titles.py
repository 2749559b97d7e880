"""The books' titles: cleaned and compared."""

import re
from collections.abc import Sequence

from model.music.never_said import sayable

LONGEST, SHORTEST = 40, 5  # letters of a title
RHYTHM_WORDS = "jig|reel|hornpipe|polka|waltz|march|strathspey|air|slide|clog|quick ?step|fling|song"


def clean(title: str) -> str:
    """A title as it would be announced: `Maid, The -- Reel.` -> `The Maid`; empty for text that can be no title."""
    text = re.sub(r"[\[(].*?[\])]|\d+(?:st|nd|rd|th|d)?\b|\"", " ", re.sub(r"\s+-+\s.*$", "", title).replace("_", " "))
    text = re.sub(r"^(.*?)\s*,\s*(The|An|A)\b\W*$", r"\2 \1", text.strip(), flags=re.IGNORECASE)
    text = " ".join(re.sub(r"[^A-Za-z'&\- ]", " ", text.replace("’", "'")).split()).strip("-&' ")
    if text == text.upper():
        text = " ".join(word.capitalize() for word in text.split())
    return text if SHORTEST <= len(text) <= LONGEST and sayable(text) else ""


def fingerprint(title: str) -> str:
    """Equal for two spellings of one title: its small letters, without article and rhythm."""
    text = re.sub(r"^(the|an|a) | (the|an|a)$", "", re.sub(r"[^a-z ]", "", title.lower()).strip())
    return re.sub(rf"(?:{RHYTHM_WORDS})s?$", "", text.replace(" ", "")) or text


def fingerprints(titles: Sequence[str]) -> list[str]:
    """Those of all titles, sorted, each once."""
    return sorted({fingerprint(clean(title) or title) for title in titles} - {""})
