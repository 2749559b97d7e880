"""What titles of the old books say and a chat today does not: `never_said.toml` lists it, with the reasons."""

import re
import tomllib
from functools import cache
from pathlib import Path

UNTITLED = "a tune whose title is not repeated here"


@cache
def _patterns() -> re.Pattern[str]:
    groups = tomllib.loads(Path(__file__).with_name("never_said.toml").read_text(encoding="utf-8"))
    words = "|".join(word for group in groups.values() for word in group["words"])
    return re.compile(rf"(?<![\w'])(?:{words})(?:'s)?(?![\w'])", re.IGNORECASE)


def sayable(title: str) -> bool:
    """Whether `title` has none of the words that are never said."""
    return not _patterns().search(title.replace("’", "'").replace("_", " "))


def shown(title: str) -> str:
    """A title of the books as it may be shown."""
    return title if sayable(title) else UNTITLED
