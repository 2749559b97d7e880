"""From a command or a button to a prompt in the queue and a message that will carry its answer."""

from collections.abc import Awaitable, Callable
from typing import Any

import discord

from bot.core.errors import NotAllowed
from bot.core.values import Message, Place, Progress
from bot.discord import permissions as limits
from bot.discord.context import is_guest, place_of
from bot.discord.messages import wording

NEEDED = discord.Permissions(view_channel=True, send_messages=True, embed_links=True, attach_files=True)

Queue = Callable[[Place, Message], Awaitable[Progress]]


async def ask(interaction: discord.Interaction[Any], queue: Queue) -> None:
    """Acknowledge, and have `queue` put a prompt into the queue; its message is followed to the end.

    Raises NotAllowed where the bot may not answer or the member not ask here, Busy, and what `queue` raises.
    """
    check_permissions(interaction)
    client = interaction.client
    await limits.admit(interaction, client.parts)  # from memory, and told in one message
    promised = await client.promises.make(interaction, thinking=True)
    await client.promises.stand_back()
    message_id = promised and promised.message_id
    if not message_id:  # Discord need not tell it
        message_id = (await interaction.edit_original_response(content=wording.RECEIVED)).id
    message = Message(str(interaction.channel_id), str(message_id))
    with client.delivery.expecting(message, interaction):
        await queue(place_of(interaction), message)


def check_permissions(interaction: discord.Interaction[Any]) -> None:
    """NotAllowed, naming the permissions that the bot lacks in this channel of a server that has added it."""
    if not interaction.guild_id or is_guest(interaction):
        return  # it answers with the member's permissions
    needed = NEEDED
    if isinstance(interaction.channel, discord.Thread):
        needed = discord.Permissions(NEEDED.value & ~discord.Permissions.send_messages.flag)
        needed.send_messages_in_threads = True
    missing = discord.Permissions(needed.value & ~interaction.app_permissions.value)
    if missing.value:
        raise NotAllowed(
            f"I need these permissions in this channel: {wording.named(missing)}. Ask an admin of the server"
        )
