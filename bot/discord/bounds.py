"""What Discord takes in one message. Every text of the bot passes through here when it leaves."""

from collections.abc import Iterable
from typing import Any

import discord

CONTENT, LABEL = 2000, 100  # characters of a message, of an option in a select menu
TITLE, DESCRIPTION, FOOTER, FIELD_NAME, FIELD, TOGETHER = 256, 4096, 2048, 256, 1024, 6000  # of embeds
_MARK = "…"


def cut(text: str, most: int = CONTENT) -> str:
    """A text of at most `most` characters; a longer one ends in an ellipsis."""
    return text if len(text) <= most else text[: most - 1].rstrip("\\ ") + _MARK


def content(text: str) -> dict[str, Any]:
    """The content of a message, as an argument of discord.py."""
    return {"content": cut(text)}


def bounded(embeds: Iterable[discord.Embed]) -> list[discord.Embed]:
    """The embeds of one message, each text cut to its own limit, and descriptions to what they may take together."""
    fitting = [_bounded(each) for each in embeds]
    if sum(map(len, fitting)) > TOGETHER:
        rest = sum(len(embed) - len(embed.description or "") for embed in fitting)
        share = max((TOGETHER - rest) // len(fitting), 1)
        for embed in fitting:
            embed.description = embed.description and cut(embed.description, share)
    return fitting


def _bounded(embed: discord.Embed) -> discord.Embed:
    embed = embed.copy()
    embed.title = embed.title and cut(embed.title, TITLE)
    embed.description = embed.description and cut(embed.description, DESCRIPTION)
    if embed.footer.text:
        embed.set_footer(text=cut(embed.footer.text, FOOTER), icon_url=embed.footer.icon_url)
    for index, field in enumerate(embed.fields):
        name, value = cut(field.name or "", FIELD_NAME), cut(field.value or "", FIELD)
        embed.set_field_at(index, name=name, value=value, inline=field.inline)
    return embed


def embeds(*each: discord.Embed) -> dict[str, Any]:
    """The embeds of a message, as an argument of discord.py."""
    return {"embeds": bounded(each)}
