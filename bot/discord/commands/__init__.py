"""The slash commands. Each module has `add(tree, parts)`, which puts its commands into the tree."""

from collections.abc import Callable

from discord import app_commands

from bot.discord.commands import compose
from bot.discord.parts import Parts

Add = Callable[["app_commands.CommandTree", Parts], None]

ADDS: tuple[Add, ...] = (compose.add,)
