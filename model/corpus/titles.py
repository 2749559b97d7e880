"""The books' titles: cleaned, compared, and as training text for the network that invents titles."""

import re
from collections.abc import Iterable, Sequence

LONGEST, SHORTEST = 40, 5  # letters of a title
END = "\n"  # of a training line
RHYTHM_WORDS = "jig|reel|hornpipe|polka|waltz|march|strathspey|air|slide|clog|quick ?step|fling|song"
# words of the old books that nobody wants in a chat today
_BLOCKED = re.compile(
    r"nigg|darkie|darky|coon|squaw|gyps|jew|turk|negro|savage|whore|slut|bitch|bastard|cunt|fuck|shit|rape|cock|prick|arse"
    r"|kill|murder|hang'?d|rogue's gallows|sambo|ethiop|plantation|cotton|slave|chinee|injun|papist|orange\b",
    re.IGNORECASE,
)


def clean(title: str) -> str:
    """A title as it would be announced: `Maid, The -- Reel.` -> `The Maid`; empty for text that can be no title."""
    text = re.sub(r"[\[(].*?[\])]|\d+(?:st|nd|rd|th|d)?\b|\"", " ", re.sub(r"\s+-+\s.*$", "", title).replace("_", " "))
    text = re.sub(r"^(.*?)\s*,\s*(The|An|A)\b\W*$", r"\2 \1", text.strip(), flags=re.IGNORECASE)
    text = " ".join(re.sub(r"[^A-Za-z'&\- ]", " ", text.replace("’", "'")).split()).strip("-&' ")
    if text == text.upper():
        text = " ".join(word.capitalize() for word in text.split())
    return text if SHORTEST <= len(text) <= LONGEST and not _BLOCKED.search(text) else ""


def lines(titles: Iterable[tuple[str, str]]) -> list[str]:
    """Training lines from (rhythm, title), each once: `reel:The Silver Heron`."""
    return list(dict.fromkeys(f"{rhythm}:{text}" for rhythm, title in titles if (text := clean(title))))


def fingerprint(title: str) -> str:
    """Equal for two spellings of one title: its small letters, without article and rhythm."""
    text = re.sub(r"^(the|an|a) | (the|an|a)$", "", re.sub(r"[^a-z ]", "", title.lower()).strip())
    return re.sub(rf"(?:{RHYTHM_WORDS})s?$", "", text.replace(" ", "")) or text


def fingerprints(titles: Sequence[str]) -> list[str]:
    """Those of all titles, sorted, each once."""
    return sorted({fingerprint(clean(title) or title) for title in titles} - {""})


def words(titles: Iterable[str]) -> list[str]:
    """The words of all titles in small letters, sorted, each once."""
    return sorted({word.lower() for title in titles for word in clean(title).split()})
