"""Several bots on one PostgreSQL database, and a database that goes away: nothing is dropped and nothing done twice."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator
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


async def ends(updates: AsyncIterator[Progress], ids: set[int], heard: Counter[int]) -> None:
    """Receive updates until each of these prompts is done."""
    async with asyncio.timeout(40):
        while not ids <= heard.keys():
            progress = await anext(updates)
            if progress.prompt.state.final:
                assert progress.prompt.state is State.DONE, progress.prompt.error
                heard[progress.prompt.id] += 1


async def answers(bot: Bot) -> Counter[Any]:
    """How many tunes each prompt that is done has."""
    member_id, server_id = await bot.store.members.register(ANN)
    history = await bot.store.tunes.history(server_id, member_id, None, 5000)
    return Counter(prompt.id for prompt, tunes in history if prompt.state is State.DONE for _ in tunes)


async def test_two_bots_work_off_what_is_nobodys_and_neither_does_the_others(database: str) -> None:
    async with running_bot(database) as before:
        ids = await before.store.members.register(ANN)
        new = [NewPrompt(*ids, new_prompt(seed=n), count=1, version=1) for n in range(60)]
        left = {(await before.store.prompts.add(prompt)).id for prompt in new}
        await before.store.prompts.release()
    async with running_bot(database, lease=LEASE) as one, running_bot(database, lease=LEASE) as other:
        async with asyncio.timeout(40):
            while await answers(one) != Counter(left):  # noqa: ASYNC110  the other bot sets no event here
                await asyncio.sleep(0.2)
        rendered = [len(bot.renderer.rendered) for bot in (one, other)]
        assert sum(rendered) == len(left), "none was composed twice"
        assert min(rendered) > 5, "both worked"


async def test_a_bot_that_is_killed_in_mid_work_has_another_finish_it(database: str) -> None:
    command = (sys.executable, "-m", "tests.bot.composing.killable_bot", database, str(LEASE))
    victim = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    try:
        async with running_bot(database, lease=LEASE, limit=100, at_once=RENDERING) as bot:
            updates = bot.composer.subscribe()
            assert victim.stdout
            assert await victim.stdout.readline() == b"ready\n"
            left = {stored.id for stored in await bot.store.prompts.unfinished(["web"])}
            assert len(left) == RENDERING + QUEUED
            await asyncio.sleep(1.5 * LEASE)
            assert not bot.composer.broadcaster.unfinished, "as long as it lives, they are its own"
            victim.kill()
            heard: Counter[int] = Counter()
            await ends(updates, left, heard)
            assert heard == Counter(left)
            assert await answers(bot) == Counter([1, *left])
    finally:
        if victim.returncode is None:
            victim.kill()
        await victim.wait()


async def test_a_prompt_that_another_bot_cancels_or_finishes_is_let_go_here(database: str) -> None:
    async with running_bot(database, lease=LEASE) as here, running_bot(database, lease=LEASE) as other:
        here.renderer.go.clear()
        updates = here.composer.subscribe()
        cancelled, taken = await here.ask(new_prompt()), await here.ask(new_prompt())
        await all_rendering(updates, {cancelled, taken})
        await other.composer.cancel(cancelled, ANN)
        await other.store.prompts.finish(taken, [])
        heard: dict[int, State] = {}
        async with asyncio.timeout(20):
            while len(heard) < 2:
                progress = await anext(updates)
                if progress.prompt.state.final:
                    heard[progress.prompt.id] = progress.prompt.state
        assert heard == {cancelled: State.CANCELLED, taken: State.DONE}
        await until(lambda: not here.composer.broadcaster.unfinished and not here.composer._running)


async def test_a_bot_that_was_away_for_longer_than_its_lease_does_not_do_its_prompts_twice(database: str) -> None:
    async with running_bot(database, lease=LEASE) as sleeper, running_bot(database, lease=LEASE) as other:
        sleeper.renderer.go.clear()
        updates, there = sleeper.composer.subscribe(), other.composer.subscribe()
        prompt_id = await sleeper.ask(new_prompt())
        await reached(updates, State.RENDERING, prompt_id)
        sleeping = asyncio.Event()

        async def asleep(*_: object) -> set[int]:
            await sleeping.wait()
            raise StoreUnavailable("still asleep")

        renew, sleeper.store.prompts.renew = sleeper.store.prompts.renew, asleep
        await reached(there, State.DONE, prompt_id)
        sleeper.store.prompts.renew = renew
        sleeping.set()
        sleeper.renderer.go.set()
        await reached(updates, State.DONE, prompt_id)
        assert await answers(other) == Counter([prompt_id])


async def test_a_database_that_is_killed_in_mid_work_costs_no_prompt_and_members_are_told() -> None:
    postgres.skip_where_missing()
    with postgres.running() as server:
        async with running_bot(server.url("postgres"), lease=LEASE) as bot:
            updates, notes = bot.composer.subscribe(), bot.composer.subscribe()
            bot.renderer.go.clear()
            ids = [await bot.ask(new_prompt(seed=n), Place("web", "local", f"m{n}")) for n in range(20)]
            await all_rendering(updates, set(ids[:8]))
            await asyncio.to_thread(server.kill)
            bot.renderer.go.set()
            async with asyncio.timeout(20):
                while not (progress := await anext(notes)).note:
                    pass
            assert progress.note == "the database does not answer: your tune waits until it does…"
            with pytest.raises(StoreUnavailable, match="please ask again in a minute"):
                await bot.ask(new_prompt())
            await asyncio.sleep(1.5 * LEASE)
            await asyncio.to_thread(server.start)
            heard: Counter[int] = Counter()
            await ends(updates, set(ids), heard)
            assert heard == Counter(ids)
            assert await answers(bot) == Counter(ids)
            assert (await bot.finished(new_prompt())).prompt.state is State.DONE


async def test_a_bot_that_is_killed_while_workers_have_its_prompts_has_another_answer_them(
    database: str, redis: RedisServer, start_agent: StartAgent, tmp_path: Path
) -> None:
    start_agent("home")
    words = database, str(LEASE), redis.url(), str(tmp_path / "mark")
    command = (sys.executable, "-m", "tests.bot.composing.killable_bot", *words)
    victim = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    try:
        async with running_bot(database, lease=LEASE, through=redis.url()) as bot:
            updates = bot.composer.subscribe()
            assert victim.stdout
            assert await victim.stdout.readline() == b"ready\n"
            left = {stored.id for stored in await bot.store.prompts.unfinished(["web"])}
            assert len(left) == AT_WORKERS
            victim.kill()
            heard: Counter[int] = Counter()
            await ends(updates, left, heard)
            assert (heard, await answers(bot)) == (Counter(left), Counter(left))
            await until(lambda: [health.free for health in bot.worker.workers()] == [8])  # of the dead bot's jobs too
    finally:
        if victim.returncode is None:
            victim.kill()
        await victim.wait()


async def test_a_network_to_the_database_that_stalls_costs_nothing_but_time(
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
        await asyncio.sleep(2.0)
        way.open.set()
        heard: Counter[int] = Counter()
        await ends(updates, ids, heard)
        assert (heard, await answers(bot)) == (Counter(ids), Counter(ids))
        assert other.renderer.rendered == [], "it lives, and they are its own"


async def test_what_is_done_patiently_goes_through_in_the_end() -> None:
    tries = iter([StoreUnavailable("away"), StoreUnavailable("away"), None])

    async def call(answer: int) -> int:
        if error := next(tries):
            raise error
        return answer

    assert await retry_while_unavailable(call, 42) == 42
