"""A server's settings, and the audit of what its admins did, as messages show them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from textwrap import shorten
from typing import Any

import discord

from bot.core.config import Config
from bot.core.values import Record, ServerSettings
from bot.core.wording import counted
from bot.discord.bounds import CONTENT
from bot.discord.errors import capitalized, escaped
from bot.discord.messages.tunes import COLOUR

_NAMES = {
    "rhythm": "Rhythm",
    "temperature": "Temperature",
    "form": "Form",
    "tempo": "Tempo",
    "instrument": "Instrument",
    "band": "Band",
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


def settings_embed(settings: ServerSettings, config: Config) -> discord.Embed:
    """All settings. In italics: what applies where the server chose nothing, or a limit looser than the bot's own."""
    own, defaults = _own_limits(config), _defaults(config)
    embed = discord.Embed(title="Settings of this server", colour=COLOUR)
    for name, title in _NAMES.items():
        applies = name not in own or _applies(name, getattr(settings, name), own[name])
        embed.add_field(name=title, value=(_formatted(settings, name) if applies else "") or f"*{defaults[name]}*")
    return embed


def overruled_line(changes: Mapping[str, Any], config: Config) -> str:
    """One line that names the changed limits that are looser than the bot's own, which apply; empty if none is."""
    own = _own_limits(config)
    names = [name for name in own if name in changes and not _applies(name, changes[name], own[name])]
    limits = [f"{_NAMES[name].lower()}: {_amount(name, own[name])}" for name in names]
    return f"The bot's own limit is stricter, and holds: {'; '.join(limits)}." if limits else ""


def _defaults(config: Config) -> dict[str, str]:
    """What applies where a server chose nothing."""
    return {
        "rhythm": "drawn",
        "temperature": "1.0",
        "form": "AABB:8",
        "tempo": "the dance's",
        "instrument": "the dance's",
        "band": "yes",
        **{name: _amount(name, value) for name, value in _own_limits(config).items()},
        "channels": "everywhere",
        "admin_roles": "those who manage the server",
        "log_channel": "none",
    }


def _own_limits(config: Config) -> dict[str, float]:
    """The limits of the bot's configuration, which apply on every server."""
    return {
        "cooldown": config.limits.member_cooldown,
        "server_cooldown": config.limits.server_cooldown,
        "waiting": config.queue.per_server,
        "member_waiting": config.queue.per_member,
    }


def _applies(name: str, chosen: float | None, own: float) -> bool:
    return chosen is None or _STRICTER[name](chosen, own) == chosen


def _amount(name: str, value: float) -> str:
    if "cooldown" in name:
        return f"{value:g} s" if value else "none"
    return f"at most {counted(int(value), 'prompt')}"


def change_line(before: ServerSettings, after: ServerSettings, config: Config) -> str:
    """One line on the settings that differ."""
    names = [field.name for field in fields(after) if getattr(before, field.name) != getattr(after, field.name)]
    changes = [f"{_NAMES[name].lower()}: {_formatted(after, name) or _defaults(config)[name]}" for name in names]
    return capitalized("; ".join(changes)) + "." if changes else "It is set that way already."


def audit_lines(records: Sequence[Record]) -> str:
    """Records of the audit in the given order, as many whole lines as fit into a message."""
    text = ""
    for record in records:
        detail = _change_detail(record.detail) if record.action == "settings" else escaped(record.detail)
        when, who = f"<t:{int(record.created_at.timestamp())}:R>", f"**{escaped(record.member_name[:40])}**"
        line = f"{when} {who} {record.action}: {shorten(detail, 300, placeholder=' …')}\n"
        if len(text) + len(line) > CONTENT:
            break
        text += line
    return text.strip() or "Nothing yet."


def _change_detail(detail: str) -> str:
    """Changed settings as the audit stores them, `name = value, …`, with the names and mentions that members know."""
    changes = [change.partition(" = ") for change in detail.split(", ")]
    return "; ".join(f"{_NAMES.get(name, name).lower()}: {_mentioned(name, value)}" for name, _, value in changes)


def _mentioned(name: str, value: str) -> str:
    mark = {"channels": "<#{}>", "log_channel": "<#{}>", "admin_roles": "<@&{}>"}.get(name)
    ids = value.split()
    return " ".join(map(mark.format, ids)) if mark and all(map(str.isdigit, ids)) else escaped(value)


def _formatted(settings: ServerSettings, name: str) -> str:
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
        case "tempo":
            return f"{value} bpm" if value else ""
        case "band":
            return "" if value is None else "yes" if value else "no"
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
