"""`check`: try every part once, and print of each whether it works, or what to do."""

import argparse
import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from bot.app.bot import build_local_worker, build_workers, live_workers
from bot.app.data_directory import make_data_directory
from bot.app.versions import SHIPPED
from bot.core.config import Config
from bot.core.errors import ConfigError, TunesmithError, WorkerError
from bot.core.files import sha256_of
from bot.render import Renderer
from bot.retraining import wording
from bot.retraining.candidate_files import CandidateFiles
from bot.store import Store
from bot.workers import Workers
from model.prompt import parse_prompt
from model.worker.protocol import Event, Job

_HEARTBEAT_WITHIN = 2.5  # seconds in which a worker at a broker gives a sign of life
_NAMES = {"png": "sheet music (PNG)", "mid": "MIDI", "mp3": "sound (MP3)"}


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "check",
        help="try everything once and say what is wrong",
        description="Try settings, database, worker, one tune and its files; exit status 1 if one fails. It stores"
        " no tune, and can be used beside a bot that runs.",
    )
    parser.set_defaults(run=run)


def run(config: Config, options: argparse.Namespace) -> int:
    return asyncio.run(_check(config, options.config or "config.toml, where there is one, and the environment"))


async def _check(config: Config, source: object) -> int:
    async with AsyncExitStack() as stack:
        checks = _Checks(config, stack)
        print(f"ok     settings: {source}", flush=True)
        await checks.one("data directory", checks.data)
        await checks.one("database", checks.database)
        await checks.one("page", checks.page)
        await checks.one("Discord", checks.token)
        await checks.one("worker", checks.worker)
        await checks.one("one tune", checks.tune)
        await checks.one("renderer", checks.renderer)
        for kind, name in _NAMES.items():
            await checks.one(name, lambda kind=kind: checks.file(kind))  # type: ignore[misc]
        return 1 if checks.failed else 0


class _Skipped(Exception):
    """A check was not tried, since one before it failed."""


@dataclass
class _Checks:
    """Each check returns a line on what it found, and leaves what later ones need."""

    config: Config
    stack: AsyncExitStack
    failed: bool = False
    _store: Store | None = None
    _worker: Workers | None = None
    _renderer: Renderer | None = None
    _tune: Event | None = None
    _began: float = field(default_factory=time.monotonic)

    async def one(self, name: str, check: Callable[[], Awaitable[str]]) -> None:
        """Run a check and print its line."""
        self._began = time.monotonic()
        try:
            line = f"ok     {name}: {await check()}"
        except _Skipped as reason:
            line = f"-      {name}: not tried, {reason}"
        except TunesmithError as error:
            line, self.failed = f"WRONG  {name}: {error}", True
        except Exception as error:
            line, self.failed = f"WRONG  {name}: {type(error).__name__}: {' '.join(str(error).split())}", True
        print(line, flush=True)

    async def data(self) -> str:
        return f"{make_data_directory(self.config.data_dir).absolute()} can be written to"

    async def database(self) -> str:
        store = await Store.open(self.config.database)
        self._store = await self.stack.enter_async_context(store)
        left = await store.prompts.unfinished(("web", "discord"))
        return f"opened, up to date, {len(left)} prompts that are not done"

    async def page(self) -> str:
        web = self.config.web
        if not web.enabled:
            return "switched off ([web] enabled)"
        family = socket.AF_INET6 if ":" in web.host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((web.host, web.port))
            except PermissionError as error:
                raise ConfigError(f"port {web.port} is not open to this user: set TUNESMITH_WEB__PORT") from error
            except OSError:
                return f"port {web.port} is in use: a bot runs there, or set TUNESMITH_WEB__PORT to another"
        return f"port {web.port} is free"

    async def token(self) -> str:
        return (
            "DISCORD_TOKEN is set" if self.config.discord_token else "no DISCORD_TOKEN: the page is all there will be"
        )

    async def worker(self) -> str:
        if self._store and self.config.workers.broker:
            cluster = build_workers(self.config, self._store)
            await self.stack.enter_async_context(cluster)
            await asyncio.sleep(_HEARTBEAT_WITHIN)
            if not (alive := live_workers(cluster, self.config.workers.lease)):
                raise WorkerError("no worker is at the broker: start one with python -m bot worker")
            self._worker = cluster
            return "; ".join(map(wording.worker, alive))
        self._worker = await self.stack.enter_async_context(build_local_worker(self.config))
        return f"{self.config.worker.checkpoint or SHIPPED}, ready in {self._seconds()}"

    async def tune(self) -> str:
        if self._worker is None:
            raise _Skipped("there is no worker")
        self._began = time.monotonic()
        prompt = parse_prompt("Edor", "reel", seed=7)
        version = await self._in_use()
        event = await self._worker.compose(Job("check", prompt, self.config.worker.deadline, *version))
        if event.state != "done":
            raise WorkerError(f"{event.error}; try another checkpoint ([worker] checkpoint)")
        self._tune = event
        if event.note:
            raise WorkerError(f"{event.note}; another version composes in its place: /model rollback chooses one")
        return f"“{event.title}”, {event.tokens} tokens, composed in {self._seconds()}"

    async def _in_use(self) -> tuple[str, str, int]:
        """Path, hash and number of the version in use; empty where the worker was started with it."""
        none = "", "", 0
        if self._store is None:
            return none
        await CandidateFiles(self.config.candidates).find_moved(self._store)
        known, mine = await self._store.versions.load_all(), self.config.worker.checkpoint
        if mine and await asyncio.to_thread(sha256_of, mine) not in {version.sha256 for version in known}:
            return none  # configured since the last start: in use from the next one on
        number = await self._store.versions.current()
        return next((version.file for version in known if version.number == number), none)

    async def renderer(self) -> str:
        renderer = Renderer(1, self.config.render.timeout, self.config.soundfont)
        self._renderer = await self.stack.enter_async_context(renderer)
        return f"ready in {self._seconds()}"

    async def file(self, kind: str) -> str:
        if self._renderer is None or self._tune is None:
            raise _Skipped("there is no tune" if self._renderer else "there is no renderer")
        self._began = time.monotonic()
        files = await self._renderer.render(self._tune.abc, [kind])
        return f"{len(files[kind]):,} bytes in {self._seconds()}"

    def _seconds(self) -> str:
        return f"{time.monotonic() - self._began:.2f} s"
