"""Files of tunes in memory, so that one that was just rendered is not rendered again."""

from contextlib import suppress

from cachetools import LRUCache

Media = dict[str, bytes]  # kind -> file


class MediaCache:
    """Files by tune; the tunes that were used least recently are dropped when all files exceed `limit` bytes."""

    def __init__(self, limit: int) -> None:
        self._media: LRUCache[int, Media] = LRUCache(limit, getsizeof=_size)

    def get(self, tune_id: int) -> Media:
        """The files of a tune that are in memory: all, some or none."""
        return self._media.get(tune_id, {})

    def put(self, tune_id: int, media: Media) -> None:
        """Add files of a tune to those that are there already; not kept where they alone exceed the limit."""
        whole = {**self._media.pop(tune_id, {}), **media}
        with suppress(ValueError):
            self._media[tune_id] = whole

    def remove(self, tune_id: int) -> None:
        """Drop the files of a tune, which has changed."""
        self._media.pop(tune_id, None)


def _size(media: Media) -> int:
    return sum(map(len, media.values()))
