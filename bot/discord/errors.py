"""Turns errors into replies: expected ones into one line, others into a reference number and a log entry."""

import logging
import math
import re
import secrets
from datetime import datetime

import discord
from discord import app_commands

from bot.core.errors import Busy, TunesmithError
from bot.discord.bounds import content, cut
from bot.discord.refusals import UNREACHABLE, Outcome, outcome_of
from model.errors import InputError

log = logging.getLogger(__name__)

_LINK = re.compile(r"(https?:|discord\.gg|discord(?:app)?\.com)(?=/)", re.IGNORECASE)

# there is nothing to reply to, or no way
_UNANSWERABLE = (Outcome.EXPIRED, Outcome.ANSWERED, Outcome.GONE, Outcome.UNCHANGEABLE)


async def send_error(interaction: discord.Interaction, error: BaseException) -> None:
    """Show the member alone what went wrong, in one line, whether the interaction was answered before or not."""
    while isinstance(error, app_commands.CommandInvokeError | ExceptionGroup):
        error = error.exceptions[0] if isinstance(error, ExceptionGroup) else error.original
    if isinstance(error, discord.HTTPException) and outcome_of(error) in _UNANSWERABLE:
        log.info("an interaction could not be answered any more: %s", error)
        return
    line = error_line(error)
    try:
        await send_private(interaction, line)
    except (discord.HTTPException, *UNREACHABLE) as failure:
        log.info("an error could not be sent to a member (%r): %s", line, failure)


def error_line(error: BaseException) -> str:
    """One line for a member, no longer than a message may be.

    An unexpected error is logged with its traceback under the reference in the line.
    """
    return cut(_error_line(error))


def _error_line(error: BaseException) -> str:
    match error:
        case Busy(until=datetime() as until):
            again = math.ceil(until.timestamp())  # never too early
            return f"{escaped(capitalized(error.reason))}: ask again <t:{again}:R>"
        case TunesmithError() | InputError():
            return escaped(capitalized(str(error)))
        case app_commands.TransformerError():
            return escaped(f"{str(error.value)[:50]!r} cannot be used there.")
        case app_commands.CheckFailure():
            return "You may not do that here."
        case app_commands.CommandNotFound() | app_commands.CommandSignatureMismatch():
            return "That command has changed: reload Discord (Ctrl+R) and try again in a minute."
    reference = secrets.token_hex(3)
    log.error("reference %s", reference, exc_info=error)
    return f"Something broke on our side. If it happens again, tell an admin: {reference}"


async def send_private(interaction: discord.Interaction, line: str) -> None:
    """Show a line to the member alone. A public response that was deferred is deleted."""
    if not interaction.response.is_done():
        await interaction.response.send_message(**content(line), ephemeral=True)
        return
    if interaction.response.type is not discord.InteractionResponseType.deferred_channel_message:
        await interaction.followup.send(**content(line), ephemeral=True)
        return
    # A deferred response cannot become private, and once it is deleted nothing can follow it up, so it becomes a
    # message first (discord-api-docs, issues 2739 and 2866).
    original = await interaction.edit_original_response(**content("…"))
    if original.flags.ephemeral:
        await interaction.edit_original_response(**content(line))
        return
    try:
        await interaction.followup.send(**content(line), ephemeral=True)
    finally:
        await interaction.delete_original_response()


def capitalized(text: str) -> str:
    """The text with a capital first letter; the rest stays as it is."""
    return text[:1].upper() + text[1:]


def escaped(text: str) -> str:
    """Text that members may have typed, without markdown, mentions and links. Discord's timestamps stay."""
    plain = discord.utils.escape_mentions(discord.utils.escape_markdown(text, ignore_links=False))
    return _LINK.sub("\\1\u200b", plain)
