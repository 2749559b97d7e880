"""Settings: `config.toml`, environment variables over it, and the Discord token."""

import ipaddress
import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from bot.core.errors import ConfigError
from bot.core.logs import Format, Level

_CORES = os.cpu_count() or 1
_PREFIX, _TOKEN = "TUNESMITH_", "DISCORD_TOKEN"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Web(_Section):
    """The local chat page."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: int = Field(8765, ge=1, le=65535)

    @property
    def local(self) -> bool:
        """Whether none but this machine's users reach the page: then alone do its votes train, and may it retrain."""
        return _is_loopback(self.host)

    @field_validator("host")
    @classmethod
    def _loopback(cls, host: str) -> str:
        if not _is_loopback(host):
            raise ValueError("the page has no login, so it is served on 127.0.0.1, ::1 or localhost alone")
        return host


class Worker(_Section):
    """The process that holds the model. `checkpoint` replaces the shipped one."""

    threads: int = Field(max(1, _CORES - 1), ge=1)
    checkpoint: Path | None = None
    deadline: float = Field(120.0, gt=0)  # seconds one tune may take in the worker
    versions: int = Field(3, ge=1)  # checkpoints kept in its memory
    silence: float = Field(30.0, ge=5)  # seconds without a sign of life, after which it is replaced
    memory: int = Field(4096, ge=100)  # MiB; a worker that grows beyond is replaced between two batches


class Store(_Section):
    """Where prompts, tunes and votes are kept: without `url` in an SQLite file in `data_dir`, which has one bot.

    Several bots can share a PostgreSQL database: `lease` seconds after one was last heard of, others go on with its
    prompts.
    """

    url: SecretStr | None = None
    lease: float = Field(30.0, ge=1)

    @field_validator("url")
    @classmethod
    def _known(cls, url: SecretStr | None) -> SecretStr | None:
        return _one_of(url, ("postgresql+asyncpg://", "postgresql://", "sqlite:///"))


class Workers(_Section):
    """Workers on other machines: `broker` is the Redis that carries jobs to them; without it one runs beside the bot.

    The rest is for `python -m bot worker`: what it is called, how many tunes it takes at once, and whether it takes
    retrainings, without an answer where it has a GPU. After `lease` seconds without a sign of life from it, others take
    over its jobs.
    """

    broker: SecretStr | None = None
    name: str = ""
    slots: int = Field(8, ge=1)
    trains: bool | None = None
    lease: float = Field(15.0, ge=1)

    @field_validator("broker")
    @classmethod
    def _known(cls, url: SecretStr | None) -> SecretStr | None:
        return _one_of(url, ("redis://", "rediss://"))


class Render(_Section):
    """The processes that draw and play."""

    processes: int = Field(min(_CORES, 8), ge=1)
    timeout: float = Field(30.0, gt=0)  # seconds one tune may take


class Queue(_Section):
    """`limit` prompts may wait, `per_server` of one server, `per_member` of one member; `at_once` are in work."""

    limit: int = Field(1000, ge=1)
    per_server: int = Field(250, ge=1)
    per_member: int = Field(5, ge=1)
    at_once: int = Field(16, ge=1)
    patience: float = Field(900.0, gt=0)  # seconds a prompt waits at most; then it gets an apology


class Limits(_Section):
    """Seconds between two prompts on Discord: of one member, and of one server's members together; 0 is none."""

    member_cooldown: float = Field(5.0, ge=0, le=3600)
    server_cooldown: float = Field(0.0, ge=0, le=3600)


class Retraining(_Section):
    """Learning from votes. `keep` files of versions, and of refused candidates, stay on the disk beside those in use.

    On Discord the admins of `servers` may retrain; while it is empty, those of the one server that the bot is on.
    """

    minimum_votes: int = Field(50, ge=1)
    deadline: float = Field(3600.0, gt=0)  # seconds one retraining may take
    silence: float = Field(600.0, gt=0)  # seconds without a word of the trainer, after which it is given up
    keep: int = Field(5, ge=1)
    servers: tuple[str, ...] = ()


class Discord(_Section):
    """The bot on Discord. Without `shards` Discord says how many connections the bot needs.

    Several bots with one token share the connections: each has its own `shard_ids`, of 0 to `shards` - 1.
    """

    shards: int | None = Field(None, ge=1)
    shard_ids: tuple[int, ...] = ()

    @field_validator("shard_ids")
    @classmethod
    def _are_shards(cls, ids: tuple[int, ...], others: ValidationInfo) -> tuple[int, ...]:
        if not ids or "shards" not in others.data:  # which is told of by itself
            return ids
        shards = others.data["shards"]
        if shards is None:
            raise ValueError("say with [discord] shards how many there are in all")
        if wrong := [each for each in ids if not 0 <= each < shards]:
            raise ValueError(f"there is no shard {wrong[0]}: with {shards} in all there are 0 to {shards - 1}")
        if twice := [each for each in ids if ids.count(each) > 1]:
            raise ValueError(f"shard {twice[0]} stands there twice")
        return ids


class Log(_Section):
    """What is written to stderr: lines for people, or `logfmt` or `json` for machines."""

    format: Format = "human"
    level: Level = "warning"


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
    log: Log = Log()
    discord_token: SecretStr | None = Field(None, validation_alias=_TOKEN)

    @property
    def voters(self) -> tuple[str, ...]:
        """The platforms whose members' votes a version may learn from."""
        return ("discord", "web") if self.web.local else ("discord",)

    @property
    def database(self) -> str | Path:
        """The URL of the database, which may hold a password, or the path of its file."""
        url = self.store.url.get_secret_value() if self.store.url else ""
        return url or self.data_dir / "tunesmith.db"

    @property
    def candidates(self) -> Path:
        """The folder of what retrainings make, also of what became a version."""
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
        return env_settings, init_settings  # the environment wins over the file


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
    """What pydantic would let pass: a token in the file, and misspelt variables of the environment."""
    for setting in settings:
        if setting.upper() == _TOKEN:
            raise ConfigError(f"setting {setting!r} does not belong in a file: set {_TOKEN} in the environment")
    for variable in os.environ:
        section = variable.removeprefix(_PREFIX).split("__")[0].lower()
        if variable.startswith(_PREFIX) and section not in Config.model_fields.keys() - {"discord_token"}:
            raise ConfigError(f"unknown setting {variable!r} in the environment: config.example.toml lists them all")


def _one_of(url: SecretStr | None, schemes: tuple[str, ...]) -> SecretStr | None:
    """The URL, if it begins as one that we can use; nothing for an empty one. What is refused is not shown."""
    text = url.get_secret_value().strip() if url else ""
    if text and not text.startswith(schemes):
        raise ValueError(f"write it as {' or '.join(f'{scheme}…' for scheme in schemes)}")
    return SecretStr(text) if text else None


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


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
