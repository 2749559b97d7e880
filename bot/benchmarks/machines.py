"""Many machines, all on this one: what Redis adds to a job, what a second worker brings, and what survives a kill."""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bot.benchmarks.row import Row, at_least, at_most
from bot.benchmarks.servers import RedisServer, missing_postgres, missing_redis, postgres, redis
from bot.benchmarks.sleeping_worker import sleeper
from bot.core.errors import WorkerError
from bot.core.values import NewPrompt, Place
from bot.store import Store
from bot.workers.local.worker import LocalWorker
from model.prompt import parse_prompt
from model.worker.protocol import Job

JOBS = 200  # timed one by one
DEVICE, TUNES = 0.05, 60  # seconds a tune of a device that does one after another; tunes
PROMPTS, BOTS, WORKERS = 1000, 2, 4
LEASE = 3.0  # seconds
PATIENCE = 240.0  # seconds for all prompts


def measure() -> Iterator[Row]:
    """Rows; nothing, and a line on stderr, where Redis or PostgreSQL is missing."""
    if reason := missing_redis() or missing_postgres():
        print(f"many machines: not measured, {reason}", file=sys.stderr)
        return
    with redis() as server:
        yield at_most(
            "a job through Redis, beside one without: more time, median", asyncio.run(_overhead(server)), 15, "ms"
        )
    with redis() as server:
        one, two = (asyncio.run(_throughput(server, count)) for count in (1, 2))
        yield Row("tunes of workers that sleep, 2 beside 1", two, "tunes/s", one, goal=1.8, less=False)
    yield from asyncio.run(_survivors())


async def _overhead(server: RedisServer) -> float:
    """Milliseconds; the two ways take turns."""
    from bot.workers.cluster.client import Cluster

    with _process("worker", "0", WORKERS__BROKER=server.url()):
        async with Cluster(server.url()) as cluster, LocalWorker(command=sleeper(0)) as local:
            taken: dict[str, list[float]] = {"far": [], "near": []}
            await cluster.compose(_job(0))
            for number in range(JOBS):
                for name, worker in (("far", cluster), ("near", local)):
                    began = time.perf_counter()
                    await worker.compose(_job(number))
                    taken[name].append(1000 * (time.perf_counter() - began))
    return statistics.median(taken["far"]) - statistics.median(taken["near"])


async def _throughput(server: RedisServer, count: int) -> float:
    from bot.workers.cluster.client import Cluster

    with ExitStack() as stack:
        for number in range(count):
            settings = {"WORKERS__BROKER": server.url(), "WORKERS__NAME": f"w{number}", "WORKERS__SLOTS": "2"}
            stack.enter_context(_process("worker", str(DEVICE), **settings))
        async with Cluster(server.url()) as cluster:
            await _until(lambda: len([health for health in cluster.workers() if health.seen < LEASE]) >= count)
            began = time.perf_counter()
            await asyncio.gather(*(cluster.compose(_job(number)) for number in range(TUNES)))
            return TUNES / (time.perf_counter() - began)


async def _survivors() -> list[Row]:
    """Kill a worker and a bot when a third is done."""
    with redis() as broker, postgres() as database, ExitStack() as stack:
        settings = {"WORKERS__BROKER": broker.url(), "STORE__URL": database.url(), "QUEUE__AT_ONCE": "16"}
        settings |= {"STORE__LEASE": str(LEASE), "WORKERS__LEASE": str(LEASE)}
        async with await Store.open(database.url()) as store:
            ids = await _ask(store)
            workers = [stack.enter_context(_process("worker", "0.02", **settings)) for _ in range(WORKERS)]
            bots = [stack.enter_context(_process("bot", **settings)) for _ in range(BOTS)]
            told = [_Told(bot) for bot in bots]
            await _until(lambda: any(one.ends for one in told))
            began = time.perf_counter()
            await _until(lambda: sum(one.ends.total() for one in told) > PROMPTS / 3)
            for victim in (bots[0], workers[0]):
                victim.kill()
            while await store.prompts.unfinished(["web"]):
                if time.perf_counter() - began > PATIENCE:
                    break
                await asyncio.sleep(0.2)
            seconds = time.perf_counter() - began
            tunes = Counter(tune.prompt_id for tune in await store.tunes.of_prompts(ids))
        ends = sum((one.ends for one in told), Counter[int]())
        twice = sum(count > 1 for count in tunes.values()) + sum(count > 1 for count in ends.values())
        name = f"{PROMPTS:,} prompts, {BOTS} bots, {WORKERS} workers, one of each killed"
        return [
            at_least(f"{name}: delivered", len(tunes), PROMPTS, "prompts"),
            at_most(f"{name}: delivered twice", twice, 0, "prompts"),
            Row(f"{name}: all", PROMPTS / seconds, "prompts/s"),
        ]


async def _ask(store: Store) -> list[int]:
    """Prompts that are nobody's yet; their ids."""
    await store.versions.add("none", "", "trad", 1)
    member, server = await store.members.register(Place("web", "bench", "m"))
    asked = [parse_prompt("D", "reel", seed=n) for n in range(PROMPTS)]
    prompts = [await store.prompts.add(NewPrompt(member, server, prompt, count=1, version=1)) for prompt in asked]
    await store.prompts.release()
    return [prompt.id for prompt in prompts]


class _Told:
    """The prompts whose end a bot has told, as often as it has."""

    def __init__(self, bot: "subprocess.Popen[str]") -> None:
        self.ends: Counter[int] = Counter()
        self._bot = bot
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._bot.stdout
        for line in self._bot.stdout:
            number, _, state = line.strip().partition(" ")
            if state == "done":
                self.ends[int(number)] += 1


@contextmanager
def _process(*words: str, **settings: str) -> Iterator["subprocess.Popen[str]"]:
    """A worker or a bot with a data directory of its own; killed in the end."""
    with tempfile.TemporaryDirectory(prefix="tunesmith-bench-") as data:
        environment = _environment({"DATA_DIR": data, **settings})
        command = [sys.executable, "-m", "bot.benchmarks.machine_process", *words]
        process = subprocess.Popen(
            command, env=environment, cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()


_ROOT = Path(__file__).parents[2]


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("TUNESMITH_", "DISCORD_"))}
    return {**own, **{f"TUNESMITH_{name}": value for name, value in settings.items()}}


def _job(number: int) -> Job:
    return Job(f"{number}.0", parse_prompt("D", "reel", seed=number), 60.0)


async def _until(holds: object) -> None:
    until = time.monotonic() + PATIENCE
    while not holds():  # type: ignore[operator]
        if time.monotonic() > until:
            raise WorkerError("the bench's workers or bots did not start")
        await asyncio.sleep(0.02)
