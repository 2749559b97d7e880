"""Submits a prompt that a command or a button asks for, with the message that will carry its tunes."""

from collections.abc import Awaitable, Callable
from typing import Any

import discord

from bot.core.values import Message, Place, Progress
from bot.discord import permissions
from bot.discord.bounds import content
from bot.discord.context import place_of
from bot.discord.messages import wording

Queue = Callable[[Place, Message], Awaitable[Progress]]


async def submit(interaction: discord.Interaction[Any], queue: Queue) -> None:
    """Defer the response, then have `queue` put a prompt into the queue; its message is followed to the end.

    Raises NotAllowed where the bot may not answer or the member not ask here, Busy, and what `queue` raises.
    """
    permissions.check_bot_permissions(interaction)
    client = interaction.client
    await permissions.check_channel(interaction, client.context)  # in memory, so it may precede the deferral
    deferred = await client.deferrals.defer(interaction, thinking=True)
    await client.deferrals.wait_for_pending()
    message_id = deferred and deferred.message_id
    if not message_id:  # which Discord may leave out
        message_id = (await interaction.edit_original_response(**content(wording.RECEIVED))).id
    message = Message(str(interaction.channel_id), str(message_id))
    with client.delivery.expecting(message, interaction):
        await queue(place_of(interaction), message)
