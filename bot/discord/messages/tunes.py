"""The message that shows finished tunes, for /compose, /tune and the buttons."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

import discord

from bot.core.values import StoredTune
from bot.discord.errors import escaped
from bot.discord.messages import wording
from bot.discord.messages.button_views import choice_view, tune_view
from bot.discord.messages.content import Attachment, MessageContent
from bot.library.library import Library
from bot.library.media_cache import Media

USUAL_LIMIT = discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES  # where no interaction has the server's own
COLOUR = discord.Colour(0x2F6F4F)
_TOO_LARGE = "The audio is larger than Discord takes here: press ABC for the notes, or open the MIDI."


async def tune_message(
    library: Library, tunes: Sequence[StoredTune], limit: int, chosen: int | None = None, buttons: bool = True
) -> MessageContent:
    """The message for one tune, or for up to four and the id of the chosen one. `limit` is in bytes. RenderError.

    One tune is shown without `buttons` elsewhere than where it was made.
    """
    media = await asyncio.gather(*(library.files(tune) for tune in tunes))
    if len(tunes) == 1:
        content = single_tune(tunes[0], media[0], limit)
        return content if buttons else replace(content, view=None)
    return several_tunes(tunes, {tune.id: files for tune, files in zip(tunes, media, strict=True)}, limit, chosen)


def single_tune(tune: StoredTune, media: Media, limit: int) -> MessageContent:
    """One tune with all kinds of files. Where they exceed `limit` bytes, the MP3 is dropped and the message says so."""
    attachments, dropped = _within([*_picture_and_audio(tune, media), *_notation(tune, media)], limit)
    return MessageContent(_TOO_LARGE if dropped else "", (_embed(tune),), attachments, tune_view(tune))


def several_tunes(
    tunes: Sequence[StoredTune], media: Mapping[int, Media], limit: int, chosen: int | None
) -> MessageContent:
    """Two to four tunes, each with picture and MP3; the chosen one also with MIDI, ABC and its buttons."""
    attachments = [attachment for tune in tunes for attachment in _picture_and_audio(tune, media[tune.id])]
    one = next((tune for tune in tunes if tune.id == chosen), None)
    if one:
        attachments += _notation(one, media[one.id])
    kept, dropped = _within(attachments, limit)
    embeds = tuple(_numbered_embed(number, tune) for number, tune in enumerate(tunes, 1))
    return MessageContent(_TOO_LARGE if dropped else "", embeds, kept, choice_view(tunes, chosen))


def _picture_and_audio(tune: StoredTune, media: Media) -> list[Attachment]:
    return [
        Attachment(Library.file_name(tune, "png"), media["png"], wording.alt_text(tune)[:1024]),
        Attachment(Library.file_name(tune, "mp3"), media["mp3"]),
    ]


def _notation(tune: StoredTune, media: Media) -> list[Attachment]:
    return [Attachment(Library.file_name(tune, kind), media[kind]) for kind in ("mid", "abc")]


def _within(attachments: Sequence[Attachment], limit: int) -> tuple[tuple[Attachment, ...], bool]:
    """The attachments without as many MP3s, from the last, as it takes to fit; and whether any was dropped."""
    kept = list(attachments)
    for attachment in reversed(attachments):
        if sum(len(each.data) for each in kept) <= limit:
            break
        if attachment.name.endswith(".mp3"):
            kept.remove(attachment)
    return tuple(kept), len(kept) < len(attachments)


def _embed(tune: StoredTune) -> discord.Embed:
    embed = _plain_embed(tune, escaped(tune.title), wording.originality(tune))
    for name, value in wording.facts(tune):
        embed.add_field(name=name, value=value)
    return embed


def _numbered_embed(number: int, tune: StoredTune) -> discord.Embed:
    """One of several tunes, in less room; the select menu below names it by the same number."""
    text = f"{wording.summary(tune)}\n{wording.originality(tune)}".strip()
    return _plain_embed(tune, f"{number}. {escaped(tune.title)}", text)


def _plain_embed(tune: StoredTune, title: str, text: str) -> discord.Embed:
    embed = discord.Embed(title=title, description=text or None, colour=COLOUR)
    embed.set_image(url=f"attachment://{Library.file_name(tune, 'png')}")
    return embed.set_footer(text=wording.origin(tune))
