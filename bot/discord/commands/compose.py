"""/compose: a tune, or up to four, in a key that a member chooses."""

from discord import app_commands

from bot.discord.parts import Parts


def add(tree: app_commands.CommandTree, parts: Parts) -> None:
    """Put /compose into the tree."""
