"""`python -m bot` with a worker that sleeps in place of composing: `python -m bot.benchmarks.soak_bot SECONDS`."""

import runpy
import sys
from unittest.mock import patch

from bot.benchmarks.sleeping_worker import sleeping_worker

if __name__ == "__main__":
    with patch("bot.app.bot.COMMAND", sleeping_worker(float(sys.argv.pop(1)))):
        runpy.run_module("bot", run_name="__main__")
