"""Tunes and titles that the admins of a server do not want again, recognized before they are stored."""

import asyncio
import re
from dataclasses import replace

from bot.core.values import Blocked, NewTune
from model.corpus.titles import fingerprint
from model.music import abc_similarity
from model.prompt import plain_title

LIKE = 0.8  # similarity from which on a tune is the like of another, as for tunes of the books


async def is_like_blocked(tune: NewTune, blocked: Blocked) -> bool:
    """Whether a tune is one of those that are not to be given again, or too like one."""
    if not blocked.tunes:
        return False
    shares = await asyncio.to_thread(abc_similarity.alike, tune.abc, blocked.tunes)
    return max(shares) >= LIKE


def with_allowed_title(tune: NewTune, rhythm: str, blocked: Blocked) -> NewTune:
    """The tune, with a plain title where its own is not to be given again."""
    if fingerprint(tune.title) not in {fingerprint(title) for title in blocked.titles}:
        return tune
    title = plain_title(rhythm, tune.seed)
    return replace(tune, title=title, abc=retitled(tune.abc, title))


def retitled(abc: str, title: str) -> str:
    """ABC with another title."""
    return re.sub(r"^T:.*$", lambda _: f"T:{title}", abc, count=1, flags=re.MULTILINE)
