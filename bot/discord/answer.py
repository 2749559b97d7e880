"""The message that shows a finished tune: /compose, /tune and the buttons alike send it."""

from dataclasses import dataclass
from typing import Any

import discord

from bot.library import Media
from bot.values import StoredTune

ROOM = 4_096  # bytes of a request beside its files


@dataclass(frozen=True)
class Answer:
    """A message, as often as it has to be sent: `edit()` and `send()` give fresh arguments for discord.py."""

    content: str
    embeds: tuple[discord.Embed, ...]
    files: tuple[tuple[str, bytes], ...]
    view: discord.ui.View

    def send(self) -> dict[str, Any]:
        """For `send`, `followup.send` and `response.send_message`."""
        return {"content": self.content, "embeds": list(self.embeds), "files": self._files(), "view": self.view}

    def edit(self) -> dict[str, Any]:
        """For `edit` and `edit_original_response`: replaces all that the message showed."""
        return {"content": self.content, "embeds": list(self.embeds), "attachments": self._files(), "view": self.view}

    def _files(self) -> list[discord.File]:
        import io

        return [discord.File(io.BytesIO(data), name) for name, data in self.files]


def answer(tune: StoredTune, media: Media, filesize_limit: int) -> Answer:
    """One tune: `media` has png, mid, mp3 and abc. Where they exceed the limit, in bytes, MP3 stays away and it says so."""
    raise NotImplementedError
