"""The buttons under a tune. Their state is the tune's id in the custom_id, and the database; nothing else."""

from typing import Any

import discord

ITEMS: tuple[type[discord.ui.DynamicItem[discord.ui.Item[Any]]], ...] = ()
