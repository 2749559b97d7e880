"""A server's settings, and what its admins did, as the messages show them."""

from collections.abc import Sequence
from dataclasses import fields
from textwrap import shorten

import discord

from bot.config import Config
from bot.discord.answer import COLOUR
from bot.discord.failures import escaped, sentence
from bot.values import Record, ServerSettings

LONGEST = 2000  # characters of a message
_NAMES = {
    "rhythm": "Rhythm",
    "temperature": "Temperature",
    "form": "Form",
    "cooldown": "Cooldown",
    "server_cooldown": "Cooldown of the server",
    "waiting": "Share of the queue",
    "member_waiting": "Share of a member",
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
        "cooldown": f"{config.limits.member_cooldown:g} s a member",
        "server_cooldown": f"{config.limits.server_cooldown:g} s",
        "waiting": f"{config.queue.per_server} prompts",
        "member_waiting": f"{config.queue.per_member} prompts",
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
    """What admins did, newest first, as much as a message holds."""
    told = ""
    for record in records:
        detail = _told(record.detail) if record.action == "settings" else escaped(record.detail)
        when, who = f"<t:{int(record.created_at.timestamp())}:R>", f"**{escaped(record.member_name[:40])}**"
        line = f"{when} {who} {record.action}: {shorten(detail, 300, placeholder=' …')}\n"
        if len(told) + len(line) > LONGEST:
            break
        told += line
    return told.strip() or "Nothing yet."


def _told(detail: str) -> str:
    """What the audit says of changed settings, `name = value, …`, with the names and mentions that members know."""
    parts = [part.partition(" = ") for part in detail.split(", ")]
    return "; ".join(f"{_NAMES.get(name, name).lower()}: {_mentioned(name, value)}" for name, _, value in parts)


def _mentioned(name: str, value: str) -> str:
    mark = {"channels": "<#{}>", "log_channel": "<#{}>", "admin_roles": "<@&{}>"}.get(name)
    ids = value.split()
    return " ".join(map(mark.format, ids)) if mark and all(map(str.isdigit, ids)) else escaped(value)


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
            return "" if value is None else f"{value} s a member"
        case "server_cooldown":
            return "" if value is None else f"{value} s"
        case "waiting" | "member_waiting":
            return "" if value is None else f"{value} prompts"
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
