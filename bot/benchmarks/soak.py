"""A soak: prompts at full speed, with restarts, killed processes and outages; then every one is accounted for."""

import asyncio
import os
import re
import resource
import signal
import sqlite3
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

from bot.benchmarks import servers
from bot.benchmarks.measurement import Measurement, at_most
from bot.benchmarks.memory import children, resident
from bot.benchmarks.processes import Program, environment
from bot.benchmarks.soak_accounts import compare
from bot.benchmarks.soak_members import Ledger, Member
from bot.core.errors import WorkerError
from bot.store import snapshot

BOT = (sys.executable, "-m", "bot")
STARTS_WITHIN = 600.0  # seconds
ENDS_WITHIN = 1800.0  # seconds from the last prompt until all have an end
_QUEUE = 200  # prompts that may wait
_INTERVAL = 0.5  # seconds between two looks at the processes
_WARM = 20  # looks at one process before its memory is compared
_GAUGE = re.compile(r"^tunesmith_(?:queue_length|prompts_in_work) (\S+)", re.MULTILINE)


@dataclass(frozen=True)
class SoakSize:
    """Prompts, members who ask, prompts between two restarts, and seconds that each outage lasts."""

    prompts: int = 10_000
    members: int = 20
    restart_every: int = 1000
    outage: float = 3.0
    cluster: bool = False  # PostgreSQL, Redis and a worker of its own in place of SQLite and a worker beside the bot


@dataclass
class _Life:
    """Memory (MB) and open descriptors of a bot's process, from one start to the next."""

    memory: list[float] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)


def soak(size: SoakSize, program: Sequence[str] = BOT) -> list[Measurement]:
    """Run one. `program` is the bot. WorkerError where it does not start, or does not come to an end."""
    with tempfile.TemporaryDirectory(prefix="tunesmith-soak-") as folder, ExitStack() as stack:
        run = _Soak(size, program, Path(folder), stack)
        began = time.monotonic()
        run.run()
        seconds = time.monotonic() - began
        database = Path(folder, "snapshot.db")
        asyncio.run(snapshot.take(run.location, database))
        return [Measurement("time", seconds, "s"), *run.figures(seconds), *compare(database, run.ledger)]


class _Soak:
    def __init__(self, size: SoakSize, program: Sequence[str], folder: Path, stack: ExitStack) -> None:
        self.size, self.ledger, self.lives, self.done = size, Ledger(size.prompts), [_Life()], list[str]()
        self._folder, self._program, self._over, self._stack = folder, program, Event(), stack
        self._address = f"http://127.0.0.1:{(port := servers.free_port())}"
        settings = {"WEB__PORT": str(port), "DATA_DIR": str(folder / "data"), "QUEUE__PATIENCE": "100000"}
        settings |= {
            "QUEUE__LIMIT": "200",
            "QUEUE__PER_SERVER": "200",
            "QUEUE__PER_MEMBER": "200",
            "LOG__LEVEL": "error",
        }
        self.location: str | Path = folder / "data" / "tunesmith.db"
        self._servers: dict[str, servers.Postgres | servers.RedisServer] = {}
        if size.cluster:
            postgres, redis = stack.enter_context(servers.postgres()), stack.enter_context(servers.redis())
            self._servers = {"database": postgres, "Redis": redis}
            self.location = postgres.url()
            settings |= {"STORE__URL": postgres.url(), "WORKERS__BROKER": redis.url()}
        self._settings = environment(settings, inherit=False)
        self._bot = self._start()
        stack.callback(lambda: self._bot.end(signal.SIGTERM))
        self._worker: Program | None = None
        if size.cluster:
            own = {**self._settings, "TUNESMITH_DATA_DIR": str(folder / "worker")}
            self._worker = Program([*program, "worker"], folder, own)
            stack.callback(self._end_worker)

    def run(self) -> None:
        """Let the members ask, see to the faults, and wait until every prompt has an end."""
        members = [Member(self._address, number, self.ledger, self._over) for number in range(self.size.members)]
        threads = [Thread(target=member.run, daemon=True) for member in members]
        for thread in threads:
            thread.start()
        events = self._events()
        try:
            while any(thread.is_alive() for thread in threads) or events:
                while events and self.ledger.begun >= events[0][0]:
                    _, name, act = events.pop(0)
                    act()
                    self.done.append(name)
                self._look()
                self._over.wait(_INTERVAL)
            self._wait_for_the_end()
        finally:
            self._over.set()
        self._bot.end(signal.SIGTERM)

    def figures(self, seconds: float) -> Iterator[Measurement]:
        """What the processes took, and how fast they were."""
        grown = [_growth(life.memory) for life in self.lives if len(life.memory) >= _WARM]
        more = [_growth(list(map(float, life.descriptors))) for life in self.lives if len(life.descriptors) >= _WARM]
        yield Measurement("prompts a second", self.size.prompts / seconds, "prompts/s")
        yield Measurement("restarts, kills and outages", len(self.done), "events")
        yield Measurement("memory of the bot, most", max(max(life.memory, default=0) for life in self.lives), "MB")
        if grown:
            yield at_most("memory of the bot in the second half of a run, of that before", max(grown), 1.2, "times")
            yield at_most("descriptors in the second half of a run, of those before", max(more), 1.2, "times")
        yield Measurement("prompts that found the queue full at first", self.ledger.refused, "times")
        yield at_most("wrong answers", sum(self.ledger.wrong.values()), 0, "answers")

    def _events(self) -> list[tuple[int, str, Callable[[], None]]]:
        """(after so many prompts, what it is, what does it), in order."""
        total = self.size.prompts
        faults: list[tuple[str, Callable[[], None]]] = [
            ("worker killed", self._kill_worker),
            ("renderer killed", lambda: self._kill_child("bot.render.process")),
            ("bot killed", lambda: self._start_again(signal.SIGKILL)),
            ("disk full", self._fill_disk),
            ("database away", self._lock_database),
            *([("Redis away", lambda: self._restart_server("Redis"))] if self.size.cluster else []),
        ]
        events = [(total * (at + 1) // (len(faults) + 1), name, act) for at, (name, act) in enumerate(faults)]
        restarts = range(self.size.restart_every, total, self.size.restart_every)
        events += [(after, "restart", lambda: self._start_again(signal.SIGTERM)) for after in restarts]
        return sorted(events, key=lambda event: event[0])

    def _start(self) -> Program:
        program = Program(list(self._program), self._folder, self._settings)
        program.wait_until(lambda: self._get("/health"), STARTS_WITHIN)
        return program

    def _start_again(self, how: signal.Signals) -> None:
        self._bot.end(how)
        self.lives.append(_Life())
        self._bot = self._start()

    def _kill_worker(self) -> None:
        if self._worker:
            self._worker.end(signal.SIGKILL)
            self._worker = Program([*self._program, "worker"], self._folder, self._worker.environment)
        else:
            self._kill_child("worker")

    def _end_worker(self) -> None:
        if self._worker:
            self._worker.end(signal.SIGTERM)

    def _kill_child(self, words: str) -> None:
        for child in children(self._bot.process.pid):
            if words in Path(f"/proc/{child}/cmdline").read_bytes().decode().replace("\0", " "):
                os.kill(child, signal.SIGKILL)
                return

    def _fill_disk(self) -> None:
        """No file of the bot can grow for a while, as on a disk that is full."""
        limits = resource.prlimit(self._bot.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self._bot.process.pid, resource.RLIMIT_FSIZE, (0, limits[1]))
        self._over.wait(self.size.outage)
        resource.prlimit(self._bot.process.pid, resource.RLIMIT_FSIZE, limits)

    def _lock_database(self) -> None:
        if self.size.cluster:
            self._restart_server("database")
            return
        with closing(sqlite3.connect(self.location, timeout=60)) as database:
            database.execute("BEGIN EXCLUSIVE")
            self._over.wait(self.size.outage)

    def _restart_server(self, name: str) -> None:
        self._servers[name].kill()
        self._over.wait(self.size.outage)
        self._servers[name].start()

    def _look(self) -> None:
        """Note what the bot's process takes up."""
        pid, life = self._bot.process.pid, self.lives[-1]
        try:
            descriptors = len(os.listdir(f"/proc/{pid}/fd"))
        except OSError:
            raise WorkerError(f"the bot has ended: {(list(self._bot.lines) or [''])[-1]}") from None
        life.descriptors.append(descriptors)
        life.memory.append(resident(pid))

    def _wait_for_the_end(self) -> None:
        until = time.monotonic() + ENDS_WITHIN
        while (left := sum(map(float, _GAUGE.findall(self._get("/metrics") or "tunesmith_queue_length 1")))) > 0:
            if time.monotonic() > until:
                raise WorkerError(f"{left:.0f} prompts have no end after {ENDS_WITHIN:.0f} s")
            self._look()
            self._over.wait(_INTERVAL)

    def _get(self, path: str) -> str:
        try:
            with urllib.request.urlopen(self._address + path, timeout=10) as response:
                return str(response.read().decode())
        except (urllib.error.URLError, OSError):
            return ""


def _growth(values: Sequence[float]) -> float:
    """The most in the second half, of the most in the first."""
    half = len(values) // 2
    return max(values[half:]) / (max(values[:half]) or 1.0)
