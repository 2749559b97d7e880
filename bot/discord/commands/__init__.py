"""The slash commands. Each module has `add(tree, context)`, which adds its commands to the tree."""

from collections.abc import Callable
from typing import Any

from discord import app_commands

from bot.discord.commands import compose, help, mine, model, mydata, report, settings, top, tune, tunebook
from bot.discord.context import Context

Add = Callable[["app_commands.CommandTree[Any]", Context], None]

ADDS: tuple[Add, ...] = (
    compose.add,
    tune.add,
    top.add,
    mine.add,
    tunebook.add,
    report.add,
    mydata.add,
    settings.add,
    model.add,
    help.add,
)
