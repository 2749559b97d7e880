"""Many machines, all on this one: what Redis adds to a job, what a second worker brings, and what survives a kill."""

import asyncio
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from signal import SIGKILL

from bot.benchmarks.measurement import Measurement, at_least, at_most
from bot.benchmarks.processes import Program, run_program
from bot.benchmarks.servers import RedisServer, missing_postgres, missing_redis, postgres, redis
from bot.benchmarks.sleeping_worker import sleeping_worker
from bot.core.errors import WorkerError
from bot.core.values import NewPrompt, Place
from bot.store import Store
from bot.workers.local.worker import LocalWorker
from model.prompt import parse_prompt
from model.worker.protocol import Job

DEVICE = 0.05  # seconds a tune of a device that composes one after another
LEASE = 3.0  # seconds
TIMEOUT = 240.0  # seconds for all prompts


@dataclass(frozen=True)
class MachinesSize:
    """Jobs that are timed one by one, tunes of sleeping workers, and prompts, bots and workers of the kill."""

    jobs: int = 200
    tunes: int = 60
    prompts: int = 1000
    bots: int = 2
    workers: int = 4


SIZE = MachinesSize()


def measure(size: MachinesSize = SIZE) -> Iterator[Measurement]:
    """Nothing, and a line on stderr, where Redis or PostgreSQL is missing."""
    if reason := missing_redis() or missing_postgres():
        print(f"many machines: not measured, {reason}", file=sys.stderr)
        return
    with redis() as server:
        overhead = asyncio.run(_overhead(server, size.jobs))
        yield at_most("a job through Redis, beside one without: more time, median", overhead, 15, "ms")
    with redis() as server:
        one, two = (asyncio.run(_throughput(server, count, size.tunes)) for count in (1, 2))
        yield Measurement("tunes of workers that sleep, 2 beside 1", two, "tunes/s", one, goal=1.8, less=False)
    yield from asyncio.run(_kill(size))


async def _overhead(server: RedisServer, jobs: int) -> float:
    """Milliseconds; the two ways take turns."""
    from bot.workers.cluster.client import Cluster

    with _program("worker", "0", WORKERS__BROKER=server.url()):
        async with Cluster(server.url()) as cluster, LocalWorker(command=sleeping_worker(0)) as local:
            taken: dict[str, list[float]] = {"remote": [], "local": []}
            await cluster.compose(_job(0))
            for number in range(jobs):
                for name, worker in (("remote", cluster), ("local", local)):
                    began = time.perf_counter()
                    await worker.compose(_job(number))
                    taken[name].append(1000 * (time.perf_counter() - began))
    return statistics.median(taken["remote"]) - statistics.median(taken["local"])


async def _throughput(server: RedisServer, workers: int, tunes: int) -> float:
    """Tunes a second of so many workers."""
    from bot.workers.cluster.client import Cluster

    with ExitStack() as stack:
        for number in range(workers):
            settings = {"WORKERS__BROKER": server.url(), "WORKERS__NAME": f"w{number}", "WORKERS__SLOTS": "2"}
            stack.enter_context(_program("worker", str(DEVICE), **settings))
        async with Cluster(server.url()) as cluster:
            await _until(lambda: len([health for health in cluster.workers() if health.seen < LEASE]) >= workers)
            began = time.perf_counter()
            await asyncio.gather(*(cluster.compose(_job(number)) for number in range(tunes)))
            return tunes / (time.perf_counter() - began)


async def _kill(size: MachinesSize) -> list[Measurement]:
    """Kill a worker and a bot when a third of the prompts is done."""
    with redis() as broker, postgres() as database, ExitStack() as stack:
        settings = {"WORKERS__BROKER": broker.url(), "STORE__URL": database.url(), "QUEUE__AT_ONCE": "16"}
        settings |= {"STORE__LEASE": str(LEASE), "WORKERS__LEASE": str(LEASE)}
        async with await Store.open(database.url()) as store:
            ids = await _add_prompts(store, size.prompts)
            workers = [stack.enter_context(_program("worker", "0.02", **settings)) for _ in range(size.workers)]
            bots = [stack.enter_context(_program("bot", **settings)) for _ in range(size.bots)]
            finished = [_Finished(bot) for bot in bots]
            await _until(lambda: any(one.ends for one in finished))
            began = time.perf_counter()
            await _until(lambda: sum(one.ends.total() for one in finished) > size.prompts / 3)
            for program in (bots[0], workers[0]):
                program.process.kill()
            while await store.prompts.unfinished(["web"]) and time.perf_counter() - began < TIMEOUT:  # noqa: ASYNC110
                await asyncio.sleep(0.2)  # other processes finish them
            seconds = time.perf_counter() - began
            tunes = Counter(tune.prompt_id for tune in await store.tunes.of_prompts(ids))
    ends = sum((one.ends for one in finished), Counter[int]())
    twice = sum(count > 1 for count in tunes.values()) + sum(count > 1 for count in ends.values())
    name = f"{size.prompts:,} prompts, {size.bots} bots, {size.workers} workers, one of each killed"
    return [
        at_least(f"{name}: delivered", len(tunes), size.prompts, "prompts"),
        at_most(f"{name}: delivered twice", twice, 0, "prompts"),
        Measurement(f"{name}: all", size.prompts / seconds, "prompts/s"),
    ]


async def _add_prompts(store: Store, count: int) -> list[int]:
    """Prompts that no bot has yet; their ids."""
    await store.versions.add("none", "", "trad", 1)
    member, server = await store.members.register(Place("web", "bench", "m"))
    prompts = [parse_prompt("D", "reel", seed=n) for n in range(count)]
    stored = [await store.prompts.add(NewPrompt(member, server, prompt, count=1, version=1)) for prompt in prompts]
    await store.prompts.release()
    return [prompt.id for prompt in stored]


class _Finished:
    """The prompts that a bot has finished, and how often it has published that."""

    def __init__(self, bot: Program) -> None:
        self.ends: Counter[int] = Counter()
        bot.on_line = self._count

    def _count(self, line: str) -> None:
        number, _, state = line.partition(" ")
        if state == "done" and number.isdigit():
            self.ends[int(number)] += 1


def _program(*words: str, **settings: str) -> AbstractContextManager[Program]:
    """A worker or a bot; killed in the end."""
    return run_program("bot.benchmarks.machine_process", *words, settings=settings, end=SIGKILL)


def _job(number: int) -> Job:
    return Job(f"{number}.0", parse_prompt("D", "reel", seed=number), 60.0)


async def _until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + TIMEOUT
    while not holds():
        if time.monotonic() > end:
            raise WorkerError("the bench's workers or bots did not start")
        await asyncio.sleep(0.02)
