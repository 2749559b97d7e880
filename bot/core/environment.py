"""Secrets in the environment, and the files that hold them where containers and service managers hand them over."""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic_settings import EnvSettingsSource

from bot.core.errors import ConfigError

SECRETS = (
    "DISCORD_TOKEN",
    "TUNESMITH_STORE__URL",
    "TUNESMITH_WORKERS__BROKER",
    "TUNESMITH_WEB__PASSWORD",
    "TUNESMITH_WEB__ADMIN_PASSWORD",
)
_FILE = "_FILE"


class Environment(EnvSettingsSource):
    """The environment, where DISCORD_TOKEN_FILE names a file that holds DISCORD_TOKEN, and so with each secret."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        found = dict(super()._load_env_vars())
        for name in SECRETS:
            path = found.pop(f"{name}{_FILE}".lower(), None)
            if path:
                found[name.lower()] = _read(name, Path(path))
        return found


def without_secrets() -> dict[str, str]:
    """The environment for a process that needs no settings: a section may be one variable of JSON, in any case."""
    ours = ("TUNESMITH_", "DISCORD_")
    return {name: value for name, value in os.environ.items() if not name.upper().startswith(ours)}


def _read(name: str, path: Path) -> str:
    if os.environ.get(name):
        raise ConfigError(f"both {name} and {name}{_FILE} are set: leave one of them out")
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ConfigError(f"cannot read {name}{_FILE}, {path}: {reason}") from None
