"""Stops and crashes at any moment: the next start resumes unfinished prompts."""

import asyncio
import json
from pathlib import Path

import pytest

from bot.core.values import NewPrompt, NewTune, Place, State, StoredTune
from tests.bot.running_bot import ANN, Bot, new_prompt, reached, running_bot
from tests.waiting import until


async def test_a_stop_in_mid_work_leaves_prompts_that_the_next_start_finishes(path: Path) -> None:
    async with running_bot(path, at_once=2) as bot:
        bot.renderer.go.clear()
        updates, others = bot.composer.subscribe(), bot.composer.subscribe()
        rendering = await bot.ask(new_prompt())
        composing = await bot.ask(new_prompt("quiet"))
        queued = await bot.ask(new_prompt(), count=2)
        await reached(updates, State.RENDERING, rendering)
        await reached(others, State.COMPOSING, composing)
    async with running_bot(path, "--well-behaved") as bot:
        ids = [rendering, composing, queued]
        assert [await bot.state(prompt_id) for prompt_id in ids] == [State.QUEUED] * 3
        assert [stored.attempts for stored in await bot.store.prompts.unfinished(["web"])] == [
            0
        ] * 3  # a stop is no crash
        updates = bot.composer.subscribe()
        assert await bot.composer.recover(["web"]) == 3
        tunes: dict[int, int] = {}
        while len(tunes) < 3:
            progress = await anext(updates)
            if progress.prompt.state.final:
                tunes[progress.prompt.id] = len(progress.tunes)
        assert tunes == {rendering: 1, composing: 1, queued: 2}
        assert await bot.composer.recover(["web"]) == 0


async def test_recovering_leaves_alone_what_has_just_come_in(path: Path) -> None:
    async with running_bot(path, at_once=1) as bot:
        bot.renderer.go.clear()
        updates = bot.composer.subscribe()
        ids, recovered = await asyncio.gather(
            asyncio.gather(*(bot.ask(new_prompt()) for _ in range(3))), bot.composer.recover(["web"])
        )
        assert recovered == 0
        assert await bot.composer.recover(["web"]) == 0
        bot.renderer.go.set()
        for prompt_id in sorted(ids):
            await reached(updates, State.DONE, prompt_id)
        assert len(bot.renderer.rendered) == 3


async def test_other_platforms_prompts_are_left_to_them(path: Path) -> None:
    async with running_bot(path) as bot:
        bot.renderer.go.clear()
        updates = bot.composer.subscribe()
        prompt_id = await bot.ask(new_prompt(), Place("cli", "local", "me"))
        await reached(updates, State.RENDERING, prompt_id)
    async with running_bot(path) as bot:
        assert await bot.composer.recover(["web", "discord"]) == 0


async def test_a_prompt_is_composed_with_the_version_it_was_stored_with(path: Path, tmp_path: Path) -> None:
    async with running_bot(path, at_once=1) as bot:
        bot.renderer.go.clear()
        updates = bot.composer.subscribe()
        left = await bot.ask(new_prompt())
        await reached(updates, State.RENDERING, left)
    lines = tmp_path / "lines"
    async with running_bot(path, "--log", str(lines), version=2) as bot:
        updates = bot.composer.subscribe()
        await bot.composer.recover(["web"])
        (tune,) = (await reached(updates, State.DONE, left)).tunes
        assert tune.version == 1
        assert '"checkpoint": "/nowhere/1.safetensors", "sha256": "11111' in lines.read_text()
        (tune,) = (await bot.finished(new_prompt())).tunes
        assert tune.version == 2


async def test_the_version_that_was_chosen_last_composes_the_next_prompt(path: Path, tmp_path: Path) -> None:
    lines = tmp_path / "lines"
    async with running_bot(path, "--log", str(lines), version=3) as bot:
        composed: list[StoredTune] = []
        for number in (2, 3, 1):
            await bot.store.versions.choose(number)
            composed += (await bot.finished(new_prompt())).tunes
        assert [tune.version for tune in composed] == [2, 3, 1]
        checkpoints = [json.loads(line)["checkpoint"] for line in lines.read_text().splitlines()]
        assert checkpoints == [f"/nowhere/{number}.safetensors" for number in (2, 3, 1)]


async def test_a_tune_that_was_stored_as_the_bot_died_is_not_composed_again(path: Path) -> None:
    async with running_bot(path) as bot:
        ids = await bot.store.members.register(ANN)
        stored = await bot.store.prompts.add(NewPrompt(*ids, new_prompt(), count=1, version=1))
        await bot.store.prompts.finish(stored.id, [NewTune(0, 7, "The Long Lane", "X:1\nK:D\n")])
        assert await bot.composer.recover(["web"]) == 0


async def crashed(bot: Bot, attempts: int) -> int:
    """A prompt as a bot leaves it that was killed, for the last of so many times, while it was in work."""
    ids = await bot.store.members.register(ANN)
    stored = await bot.store.prompts.add(NewPrompt(*ids, new_prompt(), count=1, version=1))
    for _ in range(attempts):
        await bot.store.prompts.set_state(stored.id, State.COMPOSING)
    return stored.id


async def test_a_prompt_that_took_the_bot_down_three_times_is_given_up(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running_bot(path) as bot:
        poison, innocent = await crashed(bot, attempts=3), await crashed(bot, attempts=1)
        updates = bot.composer.subscribe()
        assert await bot.composer.recover(["web"]) == 2
        failed = await reached(updates, State.FAILED, poison)
        assert failed.prompt.error.startswith("Sorry")
        await reached(updates, State.DONE, innocent)
        assert await bot.state(poison) is State.FAILED
        assert f"prompt {poison} was in work when the bot went down 3 times: given up" in caplog.text


async def test_a_prompt_under_suspicion_works_alone_so_that_no_other_is_given_up_with_it(path: Path) -> None:
    async with running_bot(path) as bot:
        suspects = [await crashed(bot, attempts=2) for _ in range(2)]
        bot.renderer.go.clear()
        updates = bot.composer.subscribe()
        await bot.composer.recover(["web"])
        later = await bot.ask(new_prompt())
        await reached(updates, State.RENDERING, suspects[0])
        await until(lambda: bot.dispatched)
        assert [stored.attempts for stored in await bot.store.prompts.unfinished(["web"])] == [3, 2, 0]
        bot.renderer.go.set()
        for prompt_id in (*suspects, later):
            await reached(updates, State.DONE, prompt_id)
