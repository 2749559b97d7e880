"""Files of tunes in memory, so that one that was just rendered is not rendered again."""

from contextlib import suppress

from cachetools import LRUCache

from bot.core.rendering import Playing

Media = dict[str, bytes]  # kind -> file
Key = tuple[int, Playing | None]  # a tune, and how it is played where not as its prompt asks for


class MediaCache:
    """Files by tune; the tunes that were used least recently are dropped when all files exceed `limit` bytes."""

    def __init__(self, limit: int) -> None:
        self._media: LRUCache[Key, Media] = LRUCache(limit, getsizeof=_size)

    def get(self, key: Key) -> Media:
        """The files of a tune that are in memory: all, some or none."""
        return self._media.get(key, {})

    def put(self, key: Key, media: Media) -> None:
        """Add files of a tune to those that are there already; not kept where they alone exceed the limit."""
        whole = {**self._media.pop(key, {}), **media}
        with suppress(ValueError):
            self._media[key] = whole

    def remove(self, tune_id: int) -> None:
        """Drop the files of a tune, which has changed, and its recordings."""
        for key in [key for key in self._media if key[0] == tune_id]:
            del self._media[key]


def _size(media: Media) -> int:
    return sum(map(len, media.values()))
