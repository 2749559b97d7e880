"""No command: run the bot until it is told to stop."""

import argparse
import asyncio
import logging
import signal

from bot.config import Config
from bot.service import only_one, running
from bot.web import create_app, serve

log = logging.getLogger(__name__)


def run(config: Config, _options: argparse.Namespace) -> int:
    with only_one(config.data_dir):
        asyncio.run(_serve(config))
    return 0


async def _serve(config: Config) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    starting = asyncio.create_task(_run(config, stop))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        try:  # stopped while it was still starting, or now closing down
            await asyncio.wait_for(starting, 20)
        except TimeoutError:
            log.error("something did not stop within 20 s; leaving it")
    stopping.cancel()
    if starting.done():
        starting.result()


async def _run(config: Config, stop: asyncio.Event) -> None:
    async with running(config) as service:
        runner = None
        if config.web.enabled:
            runner = await serve(create_app(service.composer, service.library), config.web.host, config.web.port)
        try:
            left = await service.composer.recover(("web", "discord"))
            if left:
                print(f"{left} prompts from the last run go on", flush=True)
            _announce(config)
            await stop.wait()
            print("stopping", flush=True)
        finally:
            if runner:
                await runner.cleanup()


def _announce(config: Config) -> None:
    if config.discord_token is None:
        print("no DISCORD_TOKEN, so the chat page is all there is", flush=True)
    else:
        print(
            "DISCORD_TOKEN is set, but this release has no Discord front end yet: the chat page is served", flush=True
        )
    if config.web.enabled:
        print(f"ready: http://{config.web.host}:{config.web.port}", flush=True)
    else:
        print("ready; the page is switched off ([web] enabled)", flush=True)
