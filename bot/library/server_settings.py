"""Settings of servers: what their admins choose, validated, cached, and recorded in the audit."""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from cachetools import LRUCache

from bot.core.errors import BadRequest
from bot.core.values import Place, Record, ServerSettings
from bot.store import Store
from model.music.form import Form
from model.music.rhythm import named
from model.prompt import TEMPERATURES, parse_instrument, parse_tempo

LONGEST_COOLDOWN = 3600  # seconds
MOST_WAITING = 1000
MOST_IDS = 25  # channels, or roles
COMPOSE_OPTIONS = ("rhythm", "temperature", "form", "tempo", "instrument", "band")  # that have a default here
CACHED = 10_000  # servers
_FIELDS = {field.name: field.default for field in fields(ServerSettings)}


class Settings:
    """The settings of every server, each read from the database once: only this process changes them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._cache: LRUCache[tuple[str, str], ServerSettings] = LRUCache(CACHED)
        self._changing = asyncio.Lock()

    async def of(self, place: Place) -> ServerSettings:
        """The settings of a place's server; empty where its admins chose nothing."""
        if (known := self._cache.get((place.platform, place.server))) is not None:
            return known
        async with self._changing:  # or an old row could replace a new one in the cache
            return self._remember(place, await self._store.settings.load(place))

    async def change(self, place: Place, **changes: Any) -> ServerSettings:
        """Set fields of ServerSettings, or reset them with None, all or none. Raises BadRequest, or InputError.

        The caller checks whether the member of `place` may do that.
        """
        checked = {name: _checked(name, value) for name, value in changes.items()}
        detail = ", ".join(f"{name} = {written(value)}" for name, value in checked.items())
        async with self._changing:
            return self._remember(place, await self._store.settings.change(place, checked, detail))

    async def record(self, place: Place, action: str, detail: str) -> None:
        """Record in the audit what the member of `place`, an admin, did, other than changing settings."""
        await self._store.audit.add(place, action, detail)

    async def records(self, place: Place, limit: int = 10) -> list[Record]:
        """The last records of what admins of a place's server did, newest first."""
        return await self._store.audit.latest(place, limit)

    def _remember(self, place: Place, settings: ServerSettings) -> ServerSettings:
        self._cache[place.platform, place.server] = settings
        return settings


def defaults(settings: ServerSettings) -> dict[str, Any]:
    """A server's values for options of /compose that a member leaves out, by the option's name."""
    chosen = {name: getattr(settings, name) for name in COMPOSE_OPTIONS}
    return {name: value for name, value in chosen.items() if value is not None}


def written(value: object) -> str:
    """A setting as the audit shows it."""
    if value is None or value == ():
        return "default"
    return " ".join(value) if isinstance(value, tuple) else str(value)


def _checked(name: str, value: Any) -> Any:
    if name not in _FIELDS:
        raise BadRequest(f"there is no setting {name[:20]!r}: there are {', '.join(_FIELDS)}")
    return _FIELDS[name] if value is None else _CHECKS[name](value)


def _temperature(value: Any) -> float:
    low, high = TEMPERATURES
    if not isinstance(value, int | float) or not low <= value <= high:  # false for NaN as well
        raise BadRequest(f"temperature is {str(value)[:20]}: choose from {low} (careful) to {high} (wild)")
    return float(value)


def _whole(name: str, low: int, high: int, unit: str) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        if not isinstance(value, int) or not low <= value <= high:
            raise BadRequest(f"{name} is {str(value)[:20]}: choose {low} to {high} {unit}")
        return value

    return check


def _ids(name: str) -> Callable[[Any], tuple[str, ...]]:
    def check(value: Any) -> tuple[str, ...]:
        ids = tuple(dict.fromkeys(map(str, value)))
        if len(ids) > MOST_IDS:
            raise BadRequest(f"{len(ids)} {name} are too many: name at most {MOST_IDS}")
        return tuple(map(_id, ids))

    return check


def _id(value: Any) -> str:
    if not re.fullmatch(r"[0-9]{1,20}", str(value)):
        raise BadRequest(f"{str(value)[:20]!r} is no id")
    return str(value)


_CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "rhythm": lambda value: named(str(value)).name,
    "temperature": _temperature,
    "form": lambda value: str(Form.parse(str(value))),
    "tempo": parse_tempo,
    "instrument": parse_instrument,
    "band": bool,
    "cooldown": _whole("cooldown", 0, LONGEST_COOLDOWN, "seconds"),
    "server_cooldown": _whole("server_cooldown", 0, LONGEST_COOLDOWN, "seconds"),
    "waiting": _whole("waiting", 1, MOST_WAITING, "prompts"),
    "member_waiting": _whole("member_waiting", 1, MOST_WAITING, "prompts"),
    "channels": _ids("channels"),
    "admin_roles": _ids("roles"),
    "log_channel": _id,
}
