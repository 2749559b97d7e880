"""Suggestions while a member types. The body is the other commands' author's; /compose calls these three."""

import discord
from discord.app_commands import Choice


async def key(interaction: discord.Interaction, current: str) -> list[Choice[str]]:
    return []


async def rhythm(interaction: discord.Interaction, current: str) -> list[Choice[str]]:
    return []


async def form(interaction: discord.Interaction, current: str) -> list[Choice[str]]:
    return []
