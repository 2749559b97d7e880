"""Prompts that wait: how many may, in what order they go, how they are taken back, and for how long."""

import asyncio
from pathlib import Path

import pytest

from bot.core.errors import Busy, NotAllowed, NotFound
from bot.core.sections import Queue
from bot.core.values import Place, State
from tests.bot.running_bot import ANN, BEN, new_prompt, reached, running_bot


async def test_a_member_who_has_enough_waiting_is_refused_even_at_the_same_moment(path: Path) -> None:
    async with running_bot(path, at_once=1, per_member=2, limit=3) as bot:
        bot.renderer.go.clear()
        updates = bot.composer.subscribe()
        await reached(updates, State.RENDERING, await bot.ask(new_prompt()))
        answers = await asyncio.gather(*(bot.ask(new_prompt()) for _ in range(6)), return_exceptions=True)
        assert sorted(type(answer).__name__ for answer in answers) == ["Busy"] * 4 + ["int"] * 2
        await bot.ask(new_prompt(), BEN)
        with pytest.raises(Busy, match="promise no more"):
            await bot.ask(new_prompt(), BEN)
        assert len(await bot.store.prompts.unfinished(["web"])) == 4  # who was refused left nothing behind


async def test_a_queued_prompt_can_be_cancelled_by_its_member_alone(path: Path) -> None:
    async with running_bot(path, at_once=1) as bot:
        bot.renderer.go.clear()
        updates = bot.composer.subscribe()
        await reached(updates, State.RENDERING, await bot.ask(new_prompt()))
        waiting, behind = await bot.ask(new_prompt()), await bot.ask(new_prompt())
        with pytest.raises(NotAllowed):
            await bot.composer.cancel(waiting, BEN)
        await bot.composer.cancel(waiting, ANN)
        await reached(updates, State.CANCELLED, waiting)
        assert (await reached(updates, State.QUEUED, behind)).ahead == 0
        bot.renderer.go.set()
        await reached(updates, State.DONE, behind)
        for unknown in (waiting, behind, 999):
            with pytest.raises(NotFound):
                await bot.composer.cancel(unknown, ANN)
        assert await bot.state(waiting) is State.CANCELLED
        assert len(bot.renderer.rendered) == 2


@pytest.mark.parametrize("at", [State.COMPOSING, State.RENDERING])
async def test_a_prompt_in_work_can_be_cancelled_and_makes_room(path: Path, at: State) -> None:
    async with running_bot(path, at_once=1) as bot:
        bot.renderer.go.clear()
        updates = bot.composer.subscribe()
        prompt_id = await bot.ask(new_prompt("quiet" if at is State.COMPOSING else ""))
        await reached(updates, at, prompt_id)
        await bot.composer.cancel(prompt_id, ANN)
        bot.renderer.go.set()
        states = {prompt_id: State.CANCELLED, await bot.ask(new_prompt()): State.DONE}
        ended: dict[int, State] = {}
        while ended.keys() != states.keys():
            progress = await anext(updates)
            if progress.prompt.state.final:
                assert progress.prompt.id not in ended
                ended[progress.prompt.id] = progress.prompt.state
        assert ended == states == {prompt_id: await bot.state(prompt_id) for prompt_id in states}
        assert await bot.store.tunes.of_prompts([prompt_id]) == []


async def test_a_newcomer_behind_a_flood_of_forty_is_served_next_but_one(path: Path) -> None:
    async with running_bot(path, at_once=1) as bot:
        bot.renderer.go.clear()
        updates = bot.composer.subscribe()
        flood = [await bot.ask(new_prompt()) for _ in range(41)]
        await reached(updates, State.RENDERING, flood[0])
        newcomer = await bot.composer.compose(BEN, new_prompt())
        assert newcomer.ahead <= 1
        elsewhere = await bot.composer.compose(Place("web", "elsewhere", "cal"), new_prompt())
        assert elsewhere.ahead <= 2
        assert (await bot.composer.compose(ANN, new_prompt())).ahead == 42
        bot.renderer.go.set()
        order: list[int] = []
        async for progress in updates:
            if progress.prompt.state is State.DONE:
                order.append(progress.prompt.id)
                if len(order) == 44:
                    break
        assert order.index(newcomer.prompt.id) <= 3  # one was in work, and a new server had its turn
        assert order.index(elsewhere.prompt.id) <= 3
        assert [number for number in order if number in flood] == flood


async def test_fifty_members_of_one_server_are_admitted_at_once_by_default(path: Path) -> None:
    limits = Queue()
    async with running_bot(path, limit=limits.limit, per_member=limits.per_member, per_server=limits.per_server) as bot:
        bot.renderer.go.clear()
        places = [Place("web", "local", f"m{n}") for n in range(50)]
        await asyncio.gather(*(bot.ask(new_prompt(), place, 1 + n % 4) for n, place in enumerate(places)))
        assert len(bot.composer.queue) == 50 - bot.composer.at_once
        bot.renderer.go.set()


async def test_a_prompt_that_waits_too_long_gets_an_apology(path: Path) -> None:
    async with running_bot(path, at_once=1, queue_timeout=0.2) as bot:
        bot.renderer.go.clear()
        updates = bot.composer.subscribe()
        busy = await bot.ask(new_prompt())
        await reached(updates, State.RENDERING, busy)
        waiting = await bot.ask(new_prompt())
        failed = await reached(updates, State.FAILED, waiting)
        assert "your turn did not come" in failed.prompt.error
        assert await bot.state(waiting) is State.FAILED
        bot.renderer.go.set()
        await reached(updates, State.DONE, busy)  # in work: its time in the queue is over
        assert (await bot.finished(new_prompt())).prompt.state is State.DONE
