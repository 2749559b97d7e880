"""`python -m bot worker` with stand-ins that compose and train.

`python -m tests.bot.workers.agent.worker_process [OPTIONS] [-- OPTIONS OF THE STAND-IN]`: `--clock SECONDS` sets this
process' clock forward, `--protocol N` makes it another release's, `--trainer WORDS` are for the stand-in that trains.
"""

import argparse
import asyncio
import sys
import time
from datetime import UTC, datetime, tzinfo

from bot.app.worker import serve
from bot.core import config, logs
from bot.core.errors import TunesmithError
from bot.workers.agent.timings import AgentTimings
from bot.workers.health import PROTOCOL
from bot.workers.local.trainer import Trainer
from tests.bot.workers.jobs import QUICK
from tests.bot.workers.local.stand_in import STAND_IN
from tests.bot.workers.local.stand_in_trainer import STAND_IN_TRAINER


def set_forward(seconds: float) -> None:
    """Let this process' clock be so many seconds fast."""
    real = time.time

    class Forward(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Forward":
            return cls.fromtimestamp(time.time(), tz or UTC)

    time.time = lambda: real() + seconds
    sys.modules["datetime"].datetime = Forward  # type: ignore[attr-defined]
    assert round(Forward.now(UTC).timestamp() - real()) == seconds


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--clock", type=float, default=0.0)
    parser.add_argument("--protocol", type=int, default=PROTOCOL)
    parser.add_argument("--trainer", default="")
    parser.add_argument("stand_in", nargs="*")
    options = parser.parse_args()
    if options.clock:
        set_forward(options.clock)
    trainer = Trainer((*STAND_IN_TRAINER, *options.trainer.split()), nice=0)
    settings = config.load()
    logs.set_up("human", "info")
    command = (*STAND_IN, *options.stand_in)
    try:
        asyncio.run(serve(settings, command, options.protocol, trainer, AgentTimings(**QUICK)))
    except TunesmithError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
