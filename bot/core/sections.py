"""The sections of config.toml: every setting, its default and its valid values."""

import ipaddress
import os
import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator

from bot.core.logs import Format, Level

SHORTEST_PASSWORD = 8  # characters
_CORES = os.cpu_count() or 1


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Web(_Section):
    """The chat page. Beyond this machine it needs a `password`, or a proxy that names the user in `user_header`.

    `admin_password` is a second one, for what changes the model. `proxies` are the addresses whose headers are
    believed, `origin` is the page's address as browsers see it.
    """

    enabled: bool = True
    password: SecretStr | None = None
    admin_password: SecretStr | None = None
    user_header: str = ""
    host: str = "127.0.0.1"  # after what it depends on
    port: int = Field(8765, ge=1, le=65535)
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    origin: str = ""

    @property
    def guarded(self) -> bool:
        """Whether members have to log in."""
        return bool(self.password or self.user_header)

    @property
    def local(self) -> bool:
        """Whether none but this machine's users reach the page: then everybody on it may retrain."""
        return _is_loopback(self.host) and not self.guarded

    @property
    def one_vote_each(self) -> bool:
        """Whether a person has one vote: whoever knows a password can log in, and vote, as often as they like."""
        return self.local or bool(self.user_header)

    @field_validator("password", "admin_password")
    @classmethod
    def _long_enough(cls, password: SecretStr | None) -> SecretStr | None:
        text = password.get_secret_value() if password else ""
        if 0 < len(text) < SHORTEST_PASSWORD:
            raise ValueError(f"it takes {SHORTEST_PASSWORD} characters or more: openssl rand -base64 18 makes one")
        return password if text else None

    @field_validator("host")
    @classmethod
    def _is_safe(cls, host: str, others: ValidationInfo) -> str:
        login = "password" not in others.data or others.data["password"] or others.data["user_header"]
        if not _is_loopback(host) and not login:
            raise ValueError(
                "the page has no login, so it is served on 127.0.0.1, ::1 or localhost alone: set [web] password"
            )
        return host

    @field_validator("proxies")
    @classmethod
    def _are_networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for each in proxies:
            try:
                ipaddress.ip_network(each)
            except ValueError as error:
                raise ValueError(f"{each!r} is no address or network, such as 10.0.0.0/8") from error
        return proxies

    @field_validator("origin")
    @classmethod
    def _is_origin(cls, origin: str) -> str:
        if origin and not re.fullmatch(r"https?://[^/?#@\s]+", origin):
            raise ValueError("write it as https://tunes.example.org, without a path")
        return origin


class Worker(_Section):
    """The process that holds the model. `checkpoint` replaces the shipped one."""

    threads: int = Field(max(1, _CORES - 1), ge=1)
    checkpoint: Path | None = None
    deadline: float = Field(120.0, gt=0)  # seconds one tune may take in the worker
    versions: int = Field(3, ge=1)  # checkpoints kept in its memory
    silence: float = Field(30.0, ge=5)  # seconds without a sign of life until it is replaced
    memory: int = Field(4096, ge=100)  # MiB; a worker that uses more is replaced between two batches


class Store(_Section):
    """The database: without `url` an SQLite file in `data_dir`, which one bot uses.

    Several bots can share a PostgreSQL database: others take over a bot's prompts `lease` seconds after its last sign
    of life.
    """

    url: SecretStr | None = None
    lease: float = Field(30.0, ge=1)

    @field_validator("url")
    @classmethod
    def _known(cls, url: SecretStr | None) -> SecretStr | None:
        return _one_of(url, ("postgresql+asyncpg://", "postgresql://", "sqlite:///"))


class Workers(_Section):
    """Workers on other machines: `broker` is the Redis that carries jobs to them; without it one runs beside the bot.

    The other settings are for `python -m bot worker`: its name, how many tunes it composes at a time, and whether it
    trains; where `trains` is not set, it does if it has a GPU. Others take over its jobs `lease` seconds after its last
    sign of life.
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
    """The processes that render tunes."""

    processes: int = Field(min(_CORES, 8), ge=1)
    timeout: float = Field(30.0, gt=0)  # seconds one tune may take
    soundfont: Path | None = None  # an SF2 or SF3 file; the one that was fetched, or else the built-in one, by default


class Queue(_Section):
    """`limit` prompts may wait, `per_server` of one server, `per_member` of one member; `at_once` are in work."""

    limit: int = Field(1000, ge=1)
    per_server: int = Field(250, ge=1)
    per_member: int = Field(5, ge=1)
    at_once: int = Field(16, ge=1)
    patience: float = Field(900.0, gt=0)  # seconds that a prompt may wait; then it fails with an apology


class Limits(_Section):
    """Seconds between two prompts on Discord: of one member, and of one server's members together; 0 is none."""

    member_cooldown: float = Field(5.0, ge=0, le=3600)
    server_cooldown: float = Field(0.0, ge=0, le=3600)


class Retraining(_Section):
    """Learning from votes. Of learned versions, and of refused candidates, the newest `keep` files are kept.

    On Discord the admins of `servers` may retrain; without `servers`, those of the one server that the bot is on.
    """

    minimum_votes: int = Field(50, ge=1)
    deadline: float = Field(3600.0, gt=0)  # seconds one retraining may take
    silence: float = Field(600.0, gt=0)  # seconds without an event from the trainer until it is given up
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
        if not ids or "shards" not in others.data:  # an invalid number is reported by its own validator
            return ids
        shards = others.data["shards"]
        if shards is None:
            raise ValueError("say with [discord] shards how many there are in all")
        if wrong := [each for each in ids if not 0 <= each < shards]:
            raise ValueError(f"there is no shard {wrong[0]}: with {shards} in all there are 0 to {shards - 1}")
        if twice := [each for each in ids if ids.count(each) > 1]:
            raise ValueError(f"shard {twice[0]} stands there twice")
        return ids


class Backup(_Section):
    """Backups that the bot makes by itself, where `folder` is set: one every `hours`. The newest `keep` stay."""

    folder: Path | None = None
    hours: float = Field(24.0, gt=0)
    keep: int = Field(7, ge=1)


class Privacy(_Section):
    """How long is kept what nobody can see any more: `keep` days."""

    keep: float = Field(30.0, ge=0)


class Log(_Section):
    """What is written to stderr: lines for people, or `logfmt` or `json` for machines."""

    format: Format = "human"
    level: Level = "warning"


def _one_of(url: SecretStr | None, schemes: tuple[str, ...]) -> SecretStr | None:
    """The URL, which has one of these schemes; None for an empty one. The error does not quote it, for its password."""
    text = url.get_secret_value().strip() if url else ""
    if text and not text.startswith(schemes):
        raise ValueError(f"write it as {' or '.join(f'{scheme}…' for scheme in schemes)}")
    return SecretStr(text) if text else None


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
