"""Autocompletion of keys, rhythms and forms. It must be quick and never fail: Discord waits 3 s and shows no error."""

from collections.abc import Callable
from typing import Any

import discord
from discord.app_commands import Choice

from bot.core import completion
from bot.core.completion import Offer
from model.music import instruments

MOST = 25  # Discord shows no more
INSTRUMENTS = [Choice(name=name.capitalize(), value=name) for name in instruments.INSTRUMENTS]


async def key(_interaction: discord.Interaction[Any], current: str) -> list[Choice[str]]:
    return _choices(completion.keys, current)


async def rhythm(_interaction: discord.Interaction[Any], current: str) -> list[Choice[str]]:
    return _choices(completion.rhythms, current)


async def form(_interaction: discord.Interaction[Any], current: str) -> list[Choice[str]]:
    return _choices(completion.forms, current)


def _choices(offers: Callable[[str, int], list[Offer]], current: str) -> list[Choice[str]]:
    return [Choice(name=offer.name[:100], value=offer.value) for offer in offers(current[:100], MOST)]
