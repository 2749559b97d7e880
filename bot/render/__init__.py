"""Tunes made visible and audible: ABC text -> PNG, MIDI and MP3 bytes, in processes of their own.

The bot needs `Renderer` alone; what it starts (`bot.render.process`) is the one place that loads the engravers.
"""

from collections.abc import Collection
from typing import Protocol

from bot.render.pool import KINDS, Renderer

__all__ = ["KINDS", "Renderer", "Renders"]


class Renders(Protocol):
    """What renders tunes, such as a Renderer."""

    async def render(self, abc: str, kinds: Collection[str] = ...) -> dict[str, bytes]:
        """The files of these kinds of the tune in `abc`. RenderError."""
        ...
