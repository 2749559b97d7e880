"""Programs with a data directory of their own, run as processes for as long as a benchmark needs them."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from bot.core.errors import WorkerError

GRACE = 20.0  # seconds to exit in after SIGTERM
_ROOT = Path(__file__).parents[2]


class Program:
    """A process whose output is read by a thread, so that it never waits for somebody to read it."""

    def __init__(self, command: list[str], cwd: Path | None, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.lines: deque[str] = deque(maxlen=100)
        self.on_line: Callable[[str], None] = lambda _: None
        self.process = subprocess.Popen(
            command, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_until(self, holds: Callable[[], object], within: float) -> None:
        """Wait for a condition. WorkerError, with the last line, where the process ends before it holds."""
        end = time.monotonic() + within
        while not holds():
            if self.process.poll() is not None:
                self._reader.join()
                last = (list(self.lines) or ["it said nothing"])[-1]
                raise WorkerError(f"the bot did not start: {last.removeprefix('error: ')}")
            if time.monotonic() > end:
                raise WorkerError(f"the bot did not start within {within:.0f} s")
            time.sleep(0.02)

    def end(self, how: signal.Signals) -> None:
        self.process.send_signal(how)
        try:
            self.process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reader.join()

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as output:
            for line in output:
                self.lines.append(line.rstrip())
                self.on_line(line.rstrip())


@contextmanager
def run_program(
    *words: str, settings: Mapping[str, str], inherit: bool = False, end: signal.Signals = signal.SIGTERM
) -> Iterator[Program]:
    """`python -m WORDS`, ended by a signal at last.

    `settings` have their names in the environment, without TUNESMITH_. With `inherit` the environment's, and those of a
    config.toml here, count too.
    """
    with tempfile.TemporaryDirectory(prefix="tunesmith-bench-") as data:
        variables = environment({"DATA_DIR": data, **settings}, inherit)
        program = Program([sys.executable, "-m", *words], None if inherit else Path(data), variables)
        try:
            yield program
        finally:
            program.end(end)


def environment(settings: Mapping[str, str], inherit: bool) -> dict[str, str]:
    """Variables for a process. `settings` have their names without TUNESMITH_; with `inherit` ours count, too."""
    left_out = ("DISCORD_",) if inherit else ("DISCORD_", "TUNESMITH_")
    others = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    own = {name if name == "DISCORD_TOKEN" else f"TUNESMITH_{name}": value for name, value in settings.items()}
    return {**others, "PYTHONPATH": path, **own}
