"""A message of the bot, which can be sent several times."""

import io
from dataclasses import dataclass
from typing import Any

import discord

from bot.discord.bounds import bounded, cut


@dataclass(frozen=True)
class Attachment:
    """A file of a message; `description` is its alternative text."""

    name: str
    data: bytes
    description: str = ""


@dataclass(frozen=True)
class MessageContent:
    """All of a message: `edit()` and `send()` give fresh arguments for discord.py, no longer than Discord takes."""

    content: str
    embeds: tuple[discord.Embed, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    view: discord.ui.View | None = None

    def send(self) -> dict[str, Any]:
        """For `send`, `followup.send` and `response.send_message`."""
        view = {"view": self.view} if self.view else {}
        return {"content": cut(self.content), "embeds": bounded(self.embeds), "files": self._files(), **view}

    def edit(self) -> dict[str, Any]:
        """For `edit` and `edit_original_response`: replaces all that the message showed."""
        embeds = bounded(self.embeds)
        return {"content": cut(self.content), "embeds": embeds, "attachments": self._files(), "view": self.view}

    def _files(self) -> list[discord.File]:
        return [
            discord.File(io.BytesIO(each.data), each.name, description=each.description or None)
            for each in self.attachments
        ]
