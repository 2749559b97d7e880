"""Several bots on one PostgreSQL database, and its outages: no prompt is lost, and none is answered twice."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from bot.core.errors import StoreUnavailable
from bot.core.values import NewPrompt, Place, Progress, State
from bot.store.database import TIMEOUTS, ServerTimeouts
from bot.store.retry import retry_while_unavailable
from tests.bot.composing.killable_bot import AT_WORKERS, QUEUED, RENDERING
from tests.bot.running_bot import ANN, Bot, all_rendering, new_prompt, reached, running_bot
from tests.command_line import ROOT
from tests.engines import postgres
from tests.engines.proxy import proxy
from tests.engines.redis_server import RedisServer
from tests.engines.worker_processes import StartAgent
from tests.waiting import until

LEASE = 1.0  # seconds: the shortest that a setting allows


async def all_end(updates: AsyncIterator[Progress], ids: set[int], ended: Counter[int]) -> None:
    """Receive updates until each of these prompts is done."""
    async with asyncio.timeout(120):
        while not ids <= ended.keys():
            progress = await anext(updates)
            if progress.prompt.state.final:
                assert progress.prompt.state is State.DONE, progress.prompt.error
                ended[progress.prompt.id] += 1


async def all_done(bot: Bot, prompt_ids: set[int]) -> bool:
    return await answers(bot) == Counter(prompt_ids)


async def claimed_until(database: str) -> datetime:
    """When the last lease runs out."""
    rows: list[tuple[datetime]] = await postgres.run(database, "SELECT max(leased_until) FROM prompts")
    return rows[0][0]


async def answers(bot: Bot) -> Counter[Any]:
    """How many tunes each prompt that is done has."""
    member_id, server_id = await bot.store.members.register(ANN)
    history = await bot.store.tunes.history(server_id, member_id, None, 5000)
    return Counter(prompt.id for prompt, tunes in history if prompt.state is State.DONE for _ in tunes)


async def test_two_bots_share_unclaimed_prompts(database: str) -> None:
    async with running_bot(database) as before:
        ids = await before.store.members.register(ANN)
        new = [NewPrompt(*ids, new_prompt(seed=n), count=1, version=1) for n in range(60)]
        left = {(await before.store.prompts.add(prompt)).id for prompt in new}
        await before.store.prompts.release()
    async with running_bot(database, lease=LEASE) as one, running_bot(database, lease=LEASE) as other:
        await until(lambda: all_done(one, left), within=120)
        rendered = [len(bot.renderer.rendered) for bot in (one, other)]
        assert sum(rendered) == len(left), "none was composed twice"
        assert min(rendered) > 5, "both worked"


async def test_another_bot_finishes_the_prompts_of_one_that_is_killed(database: str) -> None:
    command = (sys.executable, "-m", "tests.bot.composing.killable_bot", database, str(LEASE))
    killable = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    try:
        async with running_bot(database, lease=LEASE, limit=100, at_once=RENDERING) as bot:
            updates = bot.composer.subscribe()
            assert killable.stdout
            assert await killable.stdout.readline() == b"ready\n"
            left = {stored.id for stored in await bot.store.prompts.unfinished(["web"])}
            assert len(left) == RENDERING + QUEUED
            first = await claimed_until(database)

            async def renewed() -> bool:
                return await claimed_until(database) > first + timedelta(seconds=1.5 * LEASE)

            await until(renewed)
            assert not bot.composer.broadcaster.unfinished, "as long as it renews its claims, they are its own"
            killable.kill()
            ended: Counter[int] = Counter()
            await all_end(updates, left, ended)
            assert ended == Counter(left)
            assert await answers(bot) == Counter([1, *left])
    finally:
        if killable.returncode is None:
            killable.kill()
        await killable.wait()


async def test_a_prompt_that_another_bot_cancels_or_finishes_is_dropped_here(database: str) -> None:
    async with running_bot(database, lease=LEASE) as here, running_bot(database, lease=LEASE) as other:
        here.renderer.go.clear()
        updates = here.composer.subscribe()
        cancelled, taken = await here.ask(new_prompt()), await here.ask(new_prompt())
        await all_rendering(updates, {cancelled, taken})
        await other.composer.cancel(cancelled, ANN)
        await other.store.prompts.finish(taken, [])
        ended: dict[int, State] = {}
        async with asyncio.timeout(120):
            while len(ended) < 2:
                progress = await anext(updates)
                if progress.prompt.state.final:
                    ended[progress.prompt.id] = progress.prompt.state
        assert ended == {cancelled: State.CANCELLED, taken: State.DONE}
        await until(lambda: not here.composer.broadcaster.unfinished and not here.composer._running)


async def test_a_bot_that_could_not_renew_in_time_does_not_answer_twice(database: str) -> None:
    async with running_bot(database, lease=LEASE) as first, running_bot(database, lease=LEASE) as other:
        first.renderer.go.clear()
        updates, there = first.composer.subscribe(), other.composer.subscribe()
        prompt_id = await first.ask(new_prompt())
        await reached(updates, State.RENDERING, prompt_id)
        renewable = asyncio.Event()

        async def no_renewal(*_: object) -> set[int]:
            await renewable.wait()
            raise StoreUnavailable("unavailable")

        renew, first.store.prompts.renew = first.store.prompts.renew, no_renewal
        await reached(there, State.DONE, prompt_id)
        first.store.prompts.renew = renew
        renewable.set()
        first.renderer.go.set()
        await reached(updates, State.DONE, prompt_id)
        assert await answers(other) == Counter([prompt_id])


async def test_a_database_that_is_killed_loses_no_prompt_and_members_read_of_it() -> None:
    postgres.skip_where_missing()
    with postgres.running() as server:
        async with running_bot(server.url("postgres"), lease=LEASE) as bot:
            updates, notes = bot.composer.subscribe(), bot.composer.subscribe()
            bot.renderer.go.clear()
            ids = [await bot.ask(new_prompt(seed=n), Place("web", "local", f"m{n}")) for n in range(20)]
            await all_rendering(updates, set(ids[:8]))
            await asyncio.to_thread(server.kill)
            bot.renderer.go.set()
            async with asyncio.timeout(120):
                while not (progress := await anext(notes)).note:
                    pass
            assert progress.note == "the database does not answer: your tune waits until it does…"
            with pytest.raises(StoreUnavailable, match="please ask again in a minute"):
                await bot.ask(new_prompt())
            await asyncio.sleep(1.5 * LEASE)  # every lease runs out
            await asyncio.to_thread(server.start)
            ended: Counter[int] = Counter()
            await all_end(updates, set(ids), ended)
            assert ended == Counter(ids)
            assert await answers(bot) == Counter(ids)
            assert (await bot.finished(new_prompt())).prompt.state is State.DONE


async def test_another_bot_answers_prompts_that_workers_had_of_a_killed_one(
    database: str, redis: RedisServer, start_agent: StartAgent, tmp_path: Path
) -> None:
    start_agent("home")
    words = database, str(LEASE), redis.url(), str(tmp_path / "mark")
    command = (sys.executable, "-m", "tests.bot.composing.killable_bot", *words)
    killable = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    try:
        async with running_bot(database, lease=LEASE, through=redis.url()) as bot:
            updates = bot.composer.subscribe()
            assert killable.stdout
            assert await killable.stdout.readline() == b"ready\n"
            left = {stored.id for stored in await bot.store.prompts.unfinished(["web"])}
            assert len(left) == AT_WORKERS
            killable.kill()
            ended: Counter[int] = Counter()
            await all_end(updates, left, ended)
            assert (ended, await answers(bot)) == (Counter(left), Counter(left))
            await until(lambda: [health.free for health in bot.worker.workers()] == [8])  # of the dead bot's jobs too
    finally:
        if killable.returncode is None:
            killable.kill()
        await killable.wait()


async def test_a_stall_of_the_network_to_the_database_loses_no_prompt(
    database: str,
) -> None:
    """As ten seconds with the product's timeouts: all times are a fifth."""
    timeouts = ServerTimeouts(answer=TIMEOUTS.answer / 5)
    port = make_url(database).port
    assert port
    async with (
        proxy(port) as way,
        running_bot(make_url(database).set(port=way.port).render_as_string(False), lease=6.0, timeouts=timeouts) as bot,
        running_bot(database, lease=6.0) as other,
    ):
        bot.renderer.go.clear()
        updates = bot.composer.subscribe()
        ids = {await bot.ask(new_prompt(seed=n)) for n in range(12)}
        await all_rendering(updates, set(sorted(ids)[:8]))
        way.open.clear()
        bot.renderer.go.set()
        await asyncio.sleep(2.0)  # the stall: less than a statement may take
        way.open.set()
        ended: Counter[int] = Counter()
        await all_end(updates, ids, ended)
        assert (ended, await answers(bot)) == (Counter(ids), Counter(ids))
        assert other.renderer.rendered == [], "it lives, and they are its own"


async def test_a_call_is_retried_while_the_database_is_unavailable() -> None:
    tries = iter([StoreUnavailable("unavailable"), StoreUnavailable("unavailable"), None])

    async def call(answer: int) -> int:
        if error := next(tries):
            raise error
        return answer

    assert await retry_while_unavailable(call, 42) == 42
