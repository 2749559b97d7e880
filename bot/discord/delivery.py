"""Answers on their way: each prompt's message, what it says meanwhile, and that the end arrives once."""

from typing import TYPE_CHECKING

from bot.discord.parts import Parts

if TYPE_CHECKING:
    from bot.discord.client import Client


class Delivery:
    """Follows every prompt of this platform from its first message to its end."""

    def __init__(self, parts: Parts, client: "Client") -> None:
        self._parts, self._client = parts, client
