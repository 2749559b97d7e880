"""`python -m bot worker` with the stand-in: `python -m tests.bot.workers.agent.worker_process [OPTIONS] [-- STAND-IN'S OPTIONS]`.

`--clock SECONDS` puts this process' clock off, `--protocol N` makes it another release's. `--trainer WORDS` are for the
stand-in that trains.
"""

import argparse
import asyncio
import sys
import time
from datetime import UTC, datetime, tzinfo

from bot.app.worker import serve
from bot.core import config, logs
from bot.core.errors import TunesmithError
from bot.workers.agent import training
from bot.workers.health import PROTOCOL
from bot.workers.local.trainer import Trainer
from tests.bot.workers.local.test_trainer import STAND_IN as TRAINER
from tests.bot.workers.local.test_worker import STAND_IN


def put_off(seconds: float) -> None:
    """Let this process believe that it is so much later."""
    real = time.time

    class Off(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Off":
            return cls.fromtimestamp(time.time(), tz or UTC)

    time.time = lambda: real() + seconds
    sys.modules["datetime"].datetime = Off  # type: ignore[attr-defined]
    assert round(Off.now(UTC).timestamp() - real()) == seconds


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--clock", type=float, default=0.0)
    parser.add_argument("--protocol", type=int, default=PROTOCOL)
    parser.add_argument("--trainer", default="")
    parser.add_argument("stand_in", nargs="*")
    options = parser.parse_args()
    if options.clock:
        put_off(options.clock)
    vars(training).update(EVERY=0.2, UNWANTED=0.5)
    trainer = Trainer((*TRAINER, *options.trainer.split()), nice=0)
    settings = config.load()
    logs.set_up("human", "info")
    try:
        asyncio.run(serve(settings, (*STAND_IN, *options.stand_in), options.protocol, trainer))
    except TunesmithError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
