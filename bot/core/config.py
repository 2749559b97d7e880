"""Settings from `config.toml`, environment variables, which win, and the Discord token."""

import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from bot.core.environment import Environment
from bot.core.errors import ConfigError
from bot.core.sections import (
    Backup,
    Discord,
    Limits,
    Log,
    Privacy,
    Queue,
    Render,
    Retraining,
    Store,
    Web,
    Worker,
    Workers,
)

_PREFIX, _TOKEN = "TUNESMITH_", "DISCORD_TOKEN"


class Config(BaseSettings):
    """All settings. Every key has a default; unknown keys and wrong types are refused by name."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    data_dir: Path = Path("data")
    web: Web = Web()
    store: Store = Store()
    worker: Worker = Worker()
    workers: Workers = Workers()
    render: Render = Render()
    queue: Queue = Queue()
    limits: Limits = Limits()
    retraining: Retraining = Retraining()
    discord: Discord = Discord()
    backup: Backup = Backup()
    privacy: Privacy = Privacy()
    log: Log = Log()
    discord_token: SecretStr | None = Field(None, validation_alias=_TOKEN)

    @property
    def voters(self) -> tuple[str, ...]:
        """The platforms whose members' votes a version may learn from."""
        return ("discord", "web") if self.web.one_vote_each else ("discord",)

    @property
    def database(self) -> str | Path:
        """The URL of the database, which may hold a password, or the path of its file."""
        url = self.store.url.get_secret_value() if self.store.url else ""
        return url or self.data_dir / "tunesmith.db"

    @property
    def soundfonts(self) -> Path:
        """The folder of the soundfont that `sound --fetch` downloads."""
        return self.data_dir / "soundfonts"

    @property
    def soundfont(self) -> Path | None:
        """The soundfont that tunes are played with: the chosen one, a fetched one, or None for the built-in one."""
        fetched = sorted(self.soundfonts.glob("*.sf[23]"))
        return self.render.soundfont or next(iter(fetched), None)

    @property
    def candidates(self) -> Path:
        """The folder of the checkpoints that retrainings make."""
        return self.data_dir / "checkpoints"

    @property
    def shared(self) -> bool:
        """Whether other bots may work on the same database."""
        return str(self.database).startswith("postgresql")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return Environment(settings_cls), init_settings  # the environment wins over the file


def load(path: Path | None = None) -> Config:
    """Read `path`, or without one config.toml where it exists. ConfigError names the setting that is wrong."""
    settings = _file(path or Path("config.toml"), required=path is not None)
    _refuse_unknown(settings)
    try:
        return Config(**settings)
    except ValidationError as error:
        raise ConfigError("; ".join(_problem(problem) for problem in error.errors())) from None
    except SettingsError as error:
        raise ConfigError(f"cannot read the environment: {error}") from None


def _refuse_unknown(settings: dict[str, Any]) -> None:
    """Refuse what pydantic accepts: a token in the file, and misspelt environment variables."""
    for setting in settings:
        if setting.upper() == _TOKEN:
            raise ConfigError(f"setting {setting!r} does not belong in a file: set {_TOKEN} in the environment")
    for variable in os.environ:
        section = variable.removeprefix(_PREFIX).split("__")[0].lower()
        if variable.startswith(_PREFIX) and section not in Config.model_fields.keys() - {"discord_token"}:
            raise ConfigError(f"unknown setting {variable!r} in the environment: config.example.toml lists them all")


def _file(path: Path, required: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        if required:
            raise ConfigError(f"there is no settings file {path}") from error
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}") from error
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error


def _problem(problem: Any) -> str:
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"unknown setting {key!r}: config.example.toml lists them all"
    reason = problem["msg"].removeprefix("Value error, ")
    return f"setting {key!r}: {reason[:1].lower()}{reason[1:]}"
