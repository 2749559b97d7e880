"""A server's settings, and what its admins did, as the messages show them."""

from collections.abc import Sequence
from dataclasses import fields

import discord

from bot.config import Config
from bot.discord.answer import COLOUR
from bot.discord.failures import escaped, sentence
from bot.values import Record, ServerSettings

_NAMES = {
    "rhythm": "Rhythm",
    "temperature": "Temperature",
    "form": "Form",
    "cooldown": "Between two tunes of a member",
    "waiting": "Prompts that may wait",
    "channels": "Channels",
    "admin_roles": "Admin roles",
    "log_channel": "Log channel",
}


def table(settings: ServerSettings, config: Config) -> discord.Embed:
    """All settings; what is not chosen says what holds."""
    usual = {
        "rhythm": "drawn",
        "temperature": "1.0",
        "form": "AABB:8",
        "cooldown": f"{config.limits.member_cooldown:g} s",
        "waiting": str(config.queue.per_server),
        "channels": "everywhere",
        "admin_roles": "those who manage the server",
        "log_channel": "none",
    }
    embed = discord.Embed(title="Settings of this server", colour=COLOUR)
    for name, title in _NAMES.items():
        embed.add_field(name=title, value=_written(settings, name) or f"*{usual[name]}*")
    return embed


def changed(before: ServerSettings, after: ServerSettings) -> str:
    """One line on what differs."""
    names = [field.name for field in fields(after) if getattr(before, field.name) != getattr(after, field.name)]
    told = [f"{_NAMES[name].lower()}: {_written(after, name) or 'as elsewhere'}" for name in names]
    return sentence("; ".join(told)) + "." if told else "That is so already."


def history(records: Sequence[Record]) -> str:
    """What admins did, newest first."""
    lines = [
        f"<t:{int(record.created_at.timestamp())}:R> **{escaped(record.member_name[:40])}** "
        f"{record.action}: {escaped(record.detail[:120])}"
        for record in records
    ]
    return "\n".join(lines)[:2000] or "Nothing yet."


def _written(settings: ServerSettings, name: str) -> str:
    value = getattr(settings, name)
    match name:
        case "channels":
            return " ".join(f"<#{channel}>" for channel in value)
        case "admin_roles":
            return " ".join(f"<@&{role}>" for role in value)
        case "log_channel":
            return f"<#{value}>" if value else ""
        case "cooldown":
            return "" if value is None else f"{value} s"
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
