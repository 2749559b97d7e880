"""A server's settings, and what its admins did, as the messages show them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from textwrap import shorten
from typing import Any

import discord

from bot.core.config import Config
from bot.core.values import Record, ServerSettings
from bot.core.wording import counted
from bot.discord.errors import escaped, sentence
from bot.discord.messages.tunes import COLOUR

LONGEST = 2000  # characters of a message
_NAMES = {
    "rhythm": "Rhythm",
    "temperature": "Temperature",
    "form": "Form",
    "cooldown": "Member cooldown",
    "server_cooldown": "Server cooldown",
    "waiting": "Server queue",
    "member_waiting": "Member queue",
    "channels": "Channels",
    "admin_roles": "Admin roles",
    "log_channel": "Log channel",
}
_STRICTER: dict[str, Callable[[float, float], float]] = {  # of a server's limit and the bot's own
    "cooldown": max,
    "server_cooldown": max,
    "waiting": min,
    "member_waiting": min,
}


def table(settings: ServerSettings, config: Config) -> discord.Embed:
    """All settings; what is not chosen, or looser than the bot allows, says what holds, in italics."""
    own, usual = _own(config), _usual(config)
    embed = discord.Embed(title="Settings of this server", colour=COLOUR)
    for name, title in _NAMES.items():
        holds = name not in own or _holds(name, getattr(settings, name), own[name])
        embed.add_field(name=title, value=(_written(settings, name) if holds else "") or f"*{usual[name]}*")
    return embed


def outdone(changes: Mapping[str, Any], config: Config) -> str:
    """A line on new limits that are looser than the bot's own, which hold all the same; empty where none is."""
    own = _own(config)
    names = [name for name in own if name in changes and not _holds(name, changes[name], own[name])]
    told = [f"{_NAMES[name].lower()}: {_amount(name, own[name])}" for name in names]
    return f"The bot's own limit is stricter, and holds: {'; '.join(told)}." if told else ""


def _usual(config: Config) -> dict[str, str]:
    """What holds where a server chose nothing."""
    return {
        "rhythm": "drawn",
        "temperature": "1.0",
        "form": "AABB:8",
        **{name: _amount(name, value) for name, value in _own(config).items()},
        "channels": "everywhere",
        "admin_roles": "those who manage the server",
        "log_channel": "none",
    }


def _own(config: Config) -> dict[str, float]:
    """The limits that hold on every server."""
    return {
        "cooldown": config.limits.member_cooldown,
        "server_cooldown": config.limits.server_cooldown,
        "waiting": config.queue.per_server,
        "member_waiting": config.queue.per_member,
    }


def _holds(name: str, chosen: float | None, own: float) -> bool:
    return chosen is None or _STRICTER[name](chosen, own) == chosen


def _amount(name: str, value: float) -> str:
    if "cooldown" in name:
        return f"{value:g} s" if value else "none"
    return f"at most {counted(int(value), 'prompt')}"


def changed(before: ServerSettings, after: ServerSettings, config: Config) -> str:
    """One line on what differs."""
    names = [field.name for field in fields(after) if getattr(before, field.name) != getattr(after, field.name)]
    told = [f"{_NAMES[name].lower()}: {_written(after, name) or _usual(config)[name]}" for name in names]
    return sentence("; ".join(told)) + "." if told else "It is set that way already."


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
        case "cooldown" | "server_cooldown" | "waiting" | "member_waiting":
            return "" if value is None else _amount(name, value)
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
