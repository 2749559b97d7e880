"""Renders tunes: ABC text -> PNG, MIDI and MP3 bytes, in processes of their own.

The bot uses `Renderer` alone; only its processes (`bot.render.process`) load engravers and synthesizer.
"""

from collections.abc import Collection
from typing import Protocol

from bot.core.rendering import Playing
from bot.render.pool import KINDS, Renderer

__all__ = ["KINDS", "Renderer", "Renders"]


class Renders(Protocol):
    """What renders tunes, such as a Renderer."""

    async def render(self, abc: str, kinds: Collection[str] = ..., playing: Playing = ...) -> dict[str, bytes]:
        """The files of these kinds of the tune in `abc`, as it is to be played. RenderError."""
        ...

    async def score(self, abc: str, narrow: bool = ..., playing: Playing = ...) -> dict[str, bytes]:
        """`svg` and `times` of the tune in `abc`, as bot.render.score has them. RenderError."""
        ...
