"""Settings: `config.toml`, environment variables over it, and the Discord token."""

import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.errors import ConfigError

_CORES = os.cpu_count() or 1


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Web(_Section):
    """The local chat page."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: int = Field(8765, ge=1, le=65535)


class Worker(_Section):
    """The process that holds the model. `checkpoint` replaces the shipped one."""

    threads: int = Field(max(1, _CORES - 1), ge=1)
    checkpoint: Path | None = None
    deadline: float = Field(120.0, gt=0)  # seconds one tune may take in the worker


class Render(_Section):
    """The processes that draw and play."""

    processes: int = Field(max(1, _CORES // 2), ge=1)
    timeout: float = Field(30.0, gt=0)  # seconds one tune may take


class Queue(_Section):
    """`limit` prompts may wait at once, `per_member` of one member; `at_once` prompts are in work."""

    limit: int = Field(200, ge=1)
    per_member: int = Field(5, ge=1)
    at_once: int = Field(8, ge=1)


class Config(BaseSettings):
    """All settings. Every key has a default; unknown keys and wrong types are refused by name."""

    model_config = SettingsConfigDict(
        env_prefix="TUNESMITH_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    data_dir: Path = Path("data")
    web: Web = Web()
    worker: Worker = Worker()
    render: Render = Render()
    queue: Queue = Queue()
    discord_token: SecretStr | None = Field(None, validation_alias="DISCORD_TOKEN")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings  # the environment wins over the file


def load(path: Path = Path("config.toml")) -> Config:
    """Read the settings; a missing file means defaults. ConfigError names the key that is wrong."""
    try:
        return Config(**_file(path))
    except ValidationError as error:
        raise ConfigError("; ".join(_problem(problem) for problem in error.errors())) from None


def _file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}") from error
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error


def _problem(problem: Any) -> str:
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"unknown setting {key!r}: config.example.toml lists them all"
    return f"setting {key!r}: {problem['msg'][:1].lower()}{problem['msg'][1:]}"
