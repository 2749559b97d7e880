"""Prompt lifecycle: states in order, one final state, and nothing lost."""

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.errors import BadRequest, Busy, RenderError, StoreError
from bot.core.values import Progress, State
from bot.web.serializers import history_json
from model.worker.protocol import Known
from tests.bot.running_bot import ANN, BEN, Bot, new_prompt, reached, running_bot
from tests.waiting import until


async def test_states_arrive_in_order_and_the_tune_is_stored(bot: Bot) -> None:
    updates = bot.composer.subscribe()
    prompt_id = await bot.ask(new_prompt(seed=7))
    received: list[Progress] = []
    async for progress in updates:
        received.append(progress)
        if progress.prompt.state.final:
            break
    states = list(dict.fromkeys(progress.prompt.state for progress in received))
    assert states == [State.QUEUED, State.COMPOSING, State.RENDERING, State.DONE]
    (tune,) = received[-1].tunes
    assert (tune.prompt_id, tune.title, tune.prompt.seed, tune.version) == (prompt_id, "Seed 7", 7, 1)
    assert (tune.nearest, tune.drawn_temperature) == (Known("The Boys of Malin", "ryansMammoth", 0.41), 1.2)
    assert (await bot.composer.library.files(tune))["png"] == b"png"
    assert len(bot.renderer.rendered) == 1  # its files were kept
    assert await bot.state(prompt_id) is State.DONE


async def test_each_tune_of_a_prompt_has_the_next_seed(bot: Bot) -> None:
    done = await bot.finished(new_prompt(seed=7), count=3)
    assert [(tune.title, tune.prompt.seed) for tune in done.tunes] == [("Seed 7", 7), ("Seed 8", 8), ("Seed 9", 9)]


async def test_a_variation_is_a_prompt_of_its_own_with_another_seed(bot: Bot) -> None:
    (tune,) = (await bot.finished(replace(new_prompt(seed=7, key="Edor"), temperature=0.8))).tunes
    updates = bot.composer.subscribe()
    accepted = await bot.composer.vary(BEN, tune, "endings")
    (varied,) = (await bot.composer.finished(accepted.prompt.id, updates)).tunes
    assert accepted.prompt.varied_from == varied.varied_from == tune.id
    expected = replace(tune.prompt, opening=tune.abc, vary="endings", seed=varied.prompt.seed)
    assert (accepted.prompt.prompt, varied.prompt) == (expected, expected)
    assert varied.prompt.seed != 7
    assert (await bot.store.prompts.load(accepted.prompt.id)) == replace(accepted.prompt, state=State.DONE, attempts=1)


async def test_a_tune_again_has_its_settings_and_another_seed(bot: Bot) -> None:
    (tune,) = (await bot.finished(new_prompt(seed=7, key="Edor"))).tunes
    accepted = (await bot.composer.again(BEN, tune)).prompt
    assert accepted.prompt.seed != 7
    assert (accepted.prompt, accepted.count, accepted.varied_from) == (
        replace(tune.prompt, seed=accepted.prompt.seed),
        1,
        None,
    )


async def test_an_unknown_way_to_vary_is_refused(bot: Bot) -> None:
    (tune,) = (await bot.finished(new_prompt())).tunes
    with pytest.raises(BadRequest, match="parts or endings, not 'sideways'"):
        await bot.composer.vary(ANN, tune, "sideways")


async def test_several_prompts_go_to_the_worker_at_once(path: Path, tmp_path: Path) -> None:
    marks = [tmp_path / str(n) for n in range(3)]
    async with running_bot(path, at_once=3) as bot:
        updates = bot.composer.subscribe()
        ids = [await bot.ask(new_prompt(f"quiet once {mark}")) for mark in marks]
        await reached(updates, State.COMPOSING, *ids)
        await until(lambda: all(mark.exists() for mark in marks))  # the worker has all of them
        assert [await bot.state(prompt_id) for prompt_id in ids] == [State.COMPOSING] * 3


async def test_the_next_prompts_begin_together_when_half_of_those_in_work_have_ended(path: Path) -> None:
    async with running_bot(path, at_once=4) as bot:
        bot.renderer.go.clear()
        updates = bot.composer.subscribe()
        first = [await bot.ask(new_prompt()) for _ in range(4)]
        await reached(updates, State.RENDERING, *first)
        waiting = [await bot.ask(new_prompt()) for _ in range(2)]
        await bot.composer.cancel(first[0], ANN)
        await until(lambda: len(bot.composer._running) == 3 and bot.dispatched)
        assert [await bot.state(prompt_id) for prompt_id in waiting] == [State.QUEUED] * 2
        await bot.composer.cancel(first[1], ANN)
        await reached(updates, State.COMPOSING, *waiting)


async def test_only_so_many_prompts_are_in_work_and_the_others_know_their_place(bot: Bot) -> None:
    bot.renderer.go.clear()
    updates = bot.composer.subscribe()
    first = [await bot.ask(new_prompt()) for _ in range(2)]
    await reached(updates, State.RENDERING, *first)
    accepted = [await bot.composer.compose(ANN, new_prompt()) for _ in range(3)]
    assert [progress.ahead for progress in accepted] == [0, 1, 2]
    last = accepted[-1].prompt.id
    bot.renderer.go.set()
    positions = []
    async for progress in updates:
        if progress.prompt.id == last:
            positions.append(progress.ahead)
            if progress.prompt.state is State.DONE:
                break
    assert positions == sorted(positions, reverse=True)


@pytest.mark.parametrize(
    ("does", "line", "refused"),
    [
        ("fail", "no tune came out: try another seed", False),
        ("refuse", "bar 1 of the opening is wrong", True),
        ("die", "the composer broke down on this prompt: try another seed", False),
    ],
)
async def test_what_the_worker_cannot_do_is_told_and_stored(bot: Bot, does: str, line: str, refused: bool) -> None:
    failed = await bot.finished(new_prompt(does), count=2)
    assert (failed.prompt.state, failed.prompt.error, failed.refused) == (State.FAILED, line, refused)
    stored = await bot.store.prompts.load(failed.prompt.id)
    assert stored
    assert (stored.state, stored.error) == (State.FAILED, line)
    assert (await bot.finished(new_prompt())).prompt.state is State.DONE


async def test_a_tune_that_cannot_be_rendered_fails_its_prompt_alone(bot: Bot) -> None:
    bot.renderer.error = RenderError("rendering took longer than 30 s")
    failed = await bot.finished(new_prompt())
    assert (failed.prompt.state, failed.prompt.error) == (State.FAILED, "rendering took longer than 30 s")
    bot.renderer.error = None
    assert (await bot.finished(new_prompt())).prompt.state is State.DONE


async def test_the_unexpected_is_a_number_for_the_member_and_a_traceback_in_the_log(
    bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    bot.renderer.error = ZeroDivisionError("a bug")
    failed = await bot.finished(new_prompt())
    reference = failed.prompt.error.rpartition(" ")[2]
    assert len(reference) == 6
    assert "a bug" not in failed.prompt.error
    (record,) = (record for record in caplog.records if record.exc_info)
    assert reference in record.getMessage()


async def test_a_database_that_fails_is_told_to_the_member(
    bot: Bot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def full(*_: object) -> bool:
        raise StoreError("cannot use the database (disk is full)")

    updates = bot.composer.subscribe()
    prompt_id = await bot.ask(new_prompt())
    monkeypatch.setattr(bot.store.prompts, "set_state", full)
    failed = await bot.composer.finished(prompt_id, updates)
    assert failed.prompt.error == "cannot use the database (disk is full)"
    assert "could not be stored" in caplog.text


async def test_a_listener_that_is_far_behind_hears_every_end(bot: Bot) -> None:
    slow, quick = bot.composer.subscribe(), bot.composer.subscribe()
    ids = [await bot.ask(new_prompt("fail" if n % 2 else "")) for n in range(12)]
    ended: set[int] = set()
    async for progress in quick:
        ended |= {progress.prompt.id} if progress.prompt.state.final else set()
        if len(ended) == len(ids):
            break
    late = [await anext(slow) for _ in ids]
    assert {progress.prompt.id for progress in late if progress.prompt.state.final} == set(ids)


async def test_changes_end_when_the_bot_stops(path: Path) -> None:
    async with running_bot(path) as bot:
        updates = bot.composer.subscribe()
    async with asyncio.timeout(1):
        assert [progress async for progress in updates] == []


async def test_forgotten_listeners_are_dropped(bot: Bot, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(10):
        bot.composer.subscribe()
    assert len(bot.composer.broadcaster) == 0
    caplog.set_level(logging.INFO)
    assert (await bot.finished(new_prompt())).prompt.state is State.DONE


async def test_a_bot_that_stops_refuses_politely_and_finishes_what_is_in_work(path: Path) -> None:
    async with running_bot(path, at_once=1) as bot:
        bot.renderer.go.clear()
        updates = bot.composer.subscribe()
        busy, waiting = await bot.ask(new_prompt()), await bot.ask(new_prompt())
        await reached(updates, State.RENDERING, busy)
        draining = asyncio.create_task(bot.composer.drain())
        await asyncio.sleep(0)
        with pytest.raises(Busy, match="being stopped"):
            await bot.ask(new_prompt())
        bot.renderer.go.set()
        await draining
        assert [await bot.state(prompt_id) for prompt_id in (busy, waiting)] == [State.DONE, State.QUEUED]


async def test_a_tune_of_another_version_than_was_asked_for_says_so(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running_bot(path, version=2) as bot:
        (tune,) = (await bot.finished(new_prompt("other"))).tunes
        assert (tune.version, tune.asked_version) == (1, 2)
        assert "version 2 cannot be used: it is corrupt; version 1 composed it" in caplog.text
        (usual,) = (await bot.finished(new_prompt())).tunes
        assert (usual.version, usual.asked_version) == (2, 2)
        page = await bot.store.tunes.history(tune.server_id, tune.member_id, None, 2)
        facts = [prompt["tunes"][0]["facts"][-1] for prompt in history_json(page, {})]
        assert facts == ["model v1 (v2 could not be used)", "model v2"]
