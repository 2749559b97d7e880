"""`serve`, and no command: run the bot until it is told to stop."""

import argparse
import asyncio
import contextlib
import signal
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from bot.app.bot import Service, live_workers, running
from bot.app.data_directory import data_directory_lock, signing_key
from bot.app.readiness import Readiness
from bot.app.reload import Reload
from bot.app.retention import Retention
from bot.app.stopping import run_until_stopped
from bot.backup.schedule import COMMAND, Schedule
from bot.composing.failover import Failover
from bot.core import descriptors
from bot.core.config import Config, load
from bot.web import Application, create_app, serve
from bot.web.metrics import metrics_route
from bot.web.readiness import ready_route

if TYPE_CHECKING:
    from bot.discord.connection import Connection, Connector

    Reloads = Callable[[Config, Service], Reload]

GRACE = 20.0  # seconds to close in; each part has a shorter limit of its own


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "serve",
        help="run the bot until it is stopped, as without a command",
        description="Serve the chat page, and Discord where DISCORD_TOKEN is set, until SIGTERM or Ctrl-C.",
    )
    parser.set_defaults(run=run)


def run(config: Config, options: argparse.Namespace, connector: "Connector" = lambda: None) -> int:
    """Run until SIGTERM or Ctrl-C. DiscordError where Discord refuses the bot; `connector` leads to Discord."""
    program = (*COMMAND, *(("--config", str(options.config)) if options.config else ()))
    descriptors.raise_limit()
    with data_directory_lock(config.data_dir):
        asyncio.run(_serve(config, connector, Schedule(config.backup, program), partial(_reload, options)))
    return 0


def _reload(options: argparse.Namespace, config: Config, service: Service) -> Reload:
    """The handler of SIGHUP."""
    return Reload(partial(load, options.config), config, service.limits, options.verbose)


async def _serve(config: Config, connector: "Connector", backups: Schedule, reload: "Reloads") -> None:
    await run_until_stopped(_run(config, connector, backups, reload), GRACE)


async def _run(config: Config, connector: "Connector", backups: Schedule, reload: "Reloads") -> None:
    """Run until cancelled, or until Discord refuses the bot: with a token the page alone is not enough."""
    platforms = _platforms(config)
    async with (
        running(config) as service,
        _failover(config, service, platforms),
        service.retrainer,
        backups,
        Retention(config, service.store),
    ):
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload(config, service))
        runner = None
        discord = _discord(config, service, connector)
        if config.web.enabled:
            connected = (lambda: discord.connected) if discord else None
            runner = await serve(page(config, service, connected), config.web.host, config.web.port)
        if config.backup.folder:
            service.metrics.watch("backup_age_seconds", "Since the newest backup of [backup] folder", backups.age)
        try:
            left = await service.composer.recover(platforms, config.queue.at_once if config.shared else None)
            if left:
                print(f"prompts of the last run that go on: {left}", flush=True)
            _announce(config)
            if discord:
                discord.start()
                await discord.wait_closed()
            await asyncio.Event().wait()
        finally:
            await service.composer.drain()
            if discord:
                await discord.close()
            if runner:
                await runner.cleanup()


def page(config: Config, service: Service, connected: Callable[[], bool] | None = None) -> Application:
    """The chat page, on which the model can be changed while nobody else reaches it, or by admins.

    `connected` tells whether the bot is connected to Discord; None without a token.
    """
    retrainer = service.retrainer if config.web.local or config.web.admin_password else None
    key = signing_key(config.data_dir) if config.web.guarded else b""
    use_cases = service.composer, service.library, retrainer
    app = create_app(
        *use_cases,
        member_data=service.member_data,
        reports=service.reports,
        tunebooks=service.tunebooks,
        editor=service.editor,
        section=config.web,
        key=key,
    )
    lease = config.workers.lease
    ready = Readiness(service.store.versions, service.renderer, lambda: live_workers(service.worker, lease), connected)
    app.add_routes([metrics_route(service.metrics.exposition), ready_route(ready.missing)])
    return app


def _failover(
    config: Config, service: Service, platforms: tuple[str, ...]
) -> contextlib.AbstractAsyncContextManager[object]:
    """Failover between the bots of a shared database; nothing for an SQLite file, which has one bot."""
    if not config.shared:
        return contextlib.nullcontext()
    return Failover(service.store, service.composer, platforms, config.queue.at_once)


def _platforms(config: Config) -> tuple[str, ...]:
    """The platforms whose unfinished prompts this bot resumes: in a shared database only those that it serves."""
    token = config.discord_token
    return ("web",) if config.shared and not (token and token.get_secret_value()) else ("web", "discord")


def _discord(config: Config, service: Service, connector: "Connector") -> "Connection | None":
    """The Discord front end, not connected yet; None without a token."""
    if config.discord_token is None or not config.discord_token.get_secret_value():
        return None
    from bot.discord.connection import Connection  # its import takes half a second
    from bot.discord.context import Context

    context = Context(
        composer=service.composer,
        library=service.library,
        store=service.store,
        config=config,
        settings=service.settings,
        tunebooks=service.tunebooks,
        retrainer=service.retrainer,
        member_data=service.member_data,
        reports=service.reports,
    )
    return Connection(context, connector, announce=lambda line: print(line, flush=True))


def _announce(config: Config) -> None:
    if config.discord_token is None or not config.discord_token.get_secret_value():
        print("no DISCORD_TOKEN, so the chat page is all there is", flush=True)
    if config.web.enabled:
        host = f"[{config.web.host}]" if ":" in config.web.host else config.web.host
        print(f"ready: http://{host}:{config.web.port}", flush=True)
    else:
        print("ready; the page is switched off ([web] enabled)", flush=True)
