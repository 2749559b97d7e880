"""What commands and buttons are given, and who uses them."""

from dataclasses import dataclass

import discord

from bot.composing.composer import Composer
from bot.core.config import Config
from bot.core.values import Place
from bot.library.library import Library
from bot.library.member_data import MemberData
from bot.library.reports import Reports
from bot.library.server_settings import Settings
from bot.library.tunebook import Tunebooks
from bot.retraining.retrainer import Retrainer
from bot.store import Store

PLATFORM = "discord"


@dataclass(frozen=True)
class Context:
    """The use cases, ready, for every command module and button."""

    composer: Composer
    library: Library
    store: Store
    config: Config
    settings: Settings
    tunebooks: Tunebooks
    retrainer: Retrainer
    member_data: MemberData
    reports: Reports


def place_of(interaction: discord.Interaction) -> Place:
    """Who asks, and where. A direct message or a group counts as a server of its own.

    The name is the account's: a nickname is its server's alone, and names are stored once for all servers.
    """
    server = str(interaction.guild_id) if interaction.guild_id else f"@{interaction.channel_id}"
    user = interaction.user
    return Place(PLATFORM, server, str(user.id), user.global_name or user.name)


def is_user_install(interaction: discord.Interaction) -> bool:
    """Whether the app is here by a member's user install alone, so that it can answer, but not write unasked."""
    if interaction.guild_id:
        return interaction.client.get_guild(interaction.guild_id) is None
    return interaction.context.private_channel and not interaction.context.dm_channel
