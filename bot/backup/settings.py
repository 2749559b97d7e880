"""The settings as a backup has them: what differs from the defaults, without secrets."""

from collections.abc import Mapping
from typing import Any

import tomli_w

from bot.core.config import Config

_HEAD = "# What differed from the defaults, in config.toml or the environment. Passwords and tokens are not kept.\n"


def to_toml(config: Config) -> str:
    """A config.toml. Whatever the settings hold as a secret is left out."""
    kept = config.model_dump(mode="json", exclude_defaults=True, exclude={"discord_token"})
    return _HEAD + tomli_w.dumps(_without(kept, _secrets(config)))


def _secrets(config: Config) -> set[tuple[str, str]]:
    """(section, key) of each secret."""
    from pydantic import BaseModel, SecretStr

    sections = {name: getattr(config, name) for name in type(config).model_fields}
    return {
        (name, key)
        for name, section in sections.items()
        if isinstance(section, BaseModel)
        for key in type(section).model_fields
        if isinstance(getattr(section, key), SecretStr)
    }


def _without(kept: Mapping[str, Any], secrets: set[tuple[str, str]]) -> dict[str, Any]:
    """Without secrets, without what is not set, and without sections that are then empty."""
    plain = {}
    for name, value in kept.items():
        if isinstance(value, Mapping):
            value = {key: each for key, each in value.items() if (name, key) not in secrets and each is not None}
            if not value:
                continue
        if value is not None:
            plain[name] = value
    return plain
