"""A bot on a loopback Discord: `python -m bot.benchmarks.discord.process PORT AUTHORITY LAGS [--config FILE]`.

It serves Discord until SIGTERM, and then writes (time, lag) of its event loop in seconds to the file LAGS, as JSON.
"""

import argparse
import asyncio
import json
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

import aiohttp

from bot.app.bot import running
from bot.benchmarks.discord.connector import connector
from bot.benchmarks.event_loop import LagMeter
from bot.core import config
from bot.core.config import Config
from bot.discord.connection import Connection
from bot.discord.context import Context


async def _serve(settings: Config, connect: Callable[[], aiohttp.BaseConnector]) -> LagMeter:
    stop, meter = asyncio.Event(), LagMeter()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with running(settings) as service, service.retrainer:
        context = Context(
            composer=service.composer,
            library=service.library,
            store=service.store,
            config=settings,
            settings=service.settings,
            tunebooks=service.tunebooks,
            retrainer=service.retrainer,
            member_data=service.member_data,
            reports=service.reports,
        )
        connection = Connection(context, connect)
        measuring = asyncio.create_task(meter.run())
        connection.start()
        await stop.wait()
        measuring.cancel()
        await service.composer.drain()
        await connection.close()
    return meter


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("authority")
    parser.add_argument("lags", type=Path)
    parser.add_argument("--config", type=Path)
    options = parser.parse_args()
    meter = asyncio.run(_serve(config.load(options.config), partial(connector, options.port, options.authority)))
    options.lags.write_text(json.dumps(meter.lags))


if __name__ == "__main__":
    main()
