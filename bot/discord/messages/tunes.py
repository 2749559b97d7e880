"""The message that shows finished tunes: /compose, /tune and the buttons alike send it."""

import asyncio
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord

from bot.core.values import StoredTune
from bot.discord.errors import escaped
from bot.discord.messages import wording
from bot.discord.messages.button_views import choice_view, tune_view
from bot.library.library import Library
from bot.library.media_cache import Media

USUAL_LIMIT = discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES  # where no interaction says what a server allows
COLOUR = discord.Colour(0x2F6F4F)
_TOO_LARGE = "The audio is larger than Discord takes here: press ABC for the notes, or open the MIDI."


@dataclass(frozen=True)
class Answer:
    """A message, as often as it has to be sent: `edit()` and `send()` give fresh arguments for discord.py."""

    content: str
    embeds: tuple[discord.Embed, ...] = ()
    files: tuple[tuple[str, bytes, str], ...] = ()  # name, data, description
    view: discord.ui.View | None = None

    def send(self) -> dict[str, Any]:
        """For `send`, `followup.send` and `response.send_message`."""
        view = {"view": self.view} if self.view else {}
        return {"content": self.content, "embeds": list(self.embeds), "files": self._files(), **view}

    def edit(self) -> dict[str, Any]:
        """For `edit` and `edit_original_response`: replaces all that the message showed."""
        return {"content": self.content, "embeds": list(self.embeds), "attachments": self._files(), "view": self.view}

    def _files(self) -> list[discord.File]:
        return [discord.File(io.BytesIO(data), name, description=text or None) for name, data, text in self.files]


async def show(library: Library, tunes: Sequence[StoredTune], limit: int, chosen: int | None = None) -> Answer:
    """The message for one tune, or for several and the one chosen of them, by its id. RenderError, NotFound."""
    media = await asyncio.gather(*(_media(library, tune) for tune in tunes))
    files = {tune.id: each for tune, each in zip(tunes, media, strict=True)}
    return answer(tunes[0], files[tunes[0].id], limit) if len(tunes) == 1 else choice(tunes, files, limit, chosen)


def answer(tune: StoredTune, media: Media, limit: int) -> Answer:
    """One tune. `media` has png, mid, mp3 and abc; where they exceed `limit` bytes, MP3 is left out and it says so."""
    files, dropped = _fitting([*_heard(tune, media), *_read(tune, media)], limit)
    return Answer(_TOO_LARGE if dropped else "", (_embed(tune),), files, tune_view(tune))


def choice(tunes: Sequence[StoredTune], media: Mapping[int, Media], limit: int, chosen: int | None) -> Answer:
    """Two to four tunes, each with picture and MP3; the chosen one also with MIDI, ABC and its buttons."""
    parts = [part for tune in tunes for part in _heard(tune, media[tune.id])]
    one = next((tune for tune in tunes if tune.id == chosen), None)
    if one:
        parts += _read(one, media[one.id])
    files, dropped = _fitting(parts, limit)
    embeds = tuple(_numbered(number, tune) for number, tune in enumerate(tunes, 1))
    return Answer(_TOO_LARGE if dropped else "", embeds, files, choice_view(tunes, chosen))


async def _media(library: Library, tune: StoredTune) -> Media:
    return {kind: await library.media(tune.id, kind) for kind in ("png", "mp3", "mid", "abc")}


def _heard(tune: StoredTune, media: Media) -> list[tuple[str, bytes, str]]:
    return [
        (Library.file_name(tune, "png"), media["png"], wording.alt(tune)[:1024]),
        (Library.file_name(tune, "mp3"), media["mp3"], ""),
    ]


def _read(tune: StoredTune, media: Media) -> list[tuple[str, bytes, str]]:
    return [(Library.file_name(tune, kind), media[kind], "") for kind in ("mid", "abc")]


def _fitting(files: list[tuple[str, bytes, str]], limit: int) -> tuple[tuple[tuple[str, bytes, str], ...], bool]:
    """The files without the last MP3s, as many as it takes to fit together, and whether any is left out."""
    kept = list(files)
    for part in reversed(files):
        if sum(len(data) for _, data, _ in kept) <= limit:
            break
        if part[0].endswith(".mp3"):
            kept.remove(part)
    return tuple(kept), len(kept) < len(files)


def _embed(tune: StoredTune) -> discord.Embed:
    embed = _plain(tune, escaped(tune.title), wording.originality(tune))
    for name, value in wording.facts(tune):
        embed.add_field(name=name, value=value)
    return embed


def _numbered(number: int, tune: StoredTune) -> discord.Embed:
    """One of several, in less room; the choice below calls it by its number."""
    return _plain(
        tune, f"{number}. {escaped(tune.title)}", f"{wording.in_short(tune)}\n{wording.originality(tune)}".strip()
    )


def _plain(tune: StoredTune, title: str, text: str) -> discord.Embed:
    embed = discord.Embed(title=title[:256], description=text or None, colour=COLOUR)
    embed.set_image(url=f"attachment://{Library.file_name(tune, 'png')}")
    return embed.set_footer(text=wording.origin(tune)[:2048])
