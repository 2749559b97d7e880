"""What tunes are looked for by."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Order(StrEnum):
    """The newest tune first, or the one with the best votes, of those that have any."""

    NEWEST = "newest"
    BEST = "best"


@dataclass(frozen=True)
class Search:
    """All that is given has to be true of a tune.

    `title` is words or their beginnings; `steps` are ways to read the notes that were given (model.music.incipits), of
    which one has to be a beginning; `since` and `until` are aware times, the latter excluded.
    """

    title: str = ""
    key: str = ""
    rhythm: str = ""
    steps: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    mine: bool = False
    favourites: bool = False
    order: Order = Order.NEWEST
