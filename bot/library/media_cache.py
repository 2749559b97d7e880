"""Files of tunes in memory, so that a picture that was just drawn need not be drawn again."""

from contextlib import suppress

from cachetools import LRUCache

Media = dict[str, bytes]  # kind -> file


class MediaCache:
    """Files by tune; the tunes that were not asked for longest leave when the files exceed `limit` bytes."""

    def __init__(self, limit: int) -> None:
        self._media: LRUCache[int, Media] = LRUCache(limit, getsizeof=_size)

    def get(self, tune_id: int) -> Media:
        """What is kept of a tune: perhaps nothing."""
        return self._media.get(tune_id, {})

    def put(self, tune_id: int, media: Media) -> None:
        """Keep files beside those of other kinds that are there already; none that alone exceed the limit."""
        whole = {**self._media.pop(tune_id, {}), **media}
        with suppress(ValueError):
            self._media[tune_id] = whole


def _size(media: Media) -> int:
    return sum(map(len, media.values()))
