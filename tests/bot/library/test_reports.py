"""Reports, and what admins do about them, over a real database and worker process."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.errors import BadRequest, NotAllowed, NotFound
from bot.core.values import Place, StoredTune
from bot.library.reports import ACTIONS, Reports
from tests.bot.running_bot import ANN, BEN, Bot, new_prompt, running_bot

ELSEWHERE = replace(ANN, server="elsewhere")


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Bot]:
    async with running_bot(tmp_path / "tunesmith.db") as bot:
        yield bot


def reports_of(bot: Bot) -> Reports:
    return Reports(bot.store, bot.composer.library)


async def composed(bot: Bot, place: Place = ANN, seed: int = 7) -> StoredTune:
    (tune,) = (await bot.finished(new_prompt(seed=seed), place)).tunes
    return tune


async def details(bot: Bot, place: Place = ANN) -> list[str]:
    return [record.detail for record in await reports_of(bot).recent(place)]


async def test_what_is_reported_is_recorded_once_for_its_server(bot: Bot) -> None:
    reports = reports_of(bot)
    tunes = [await composed(bot, seed=seed) for seed in range(1, 12)]
    assert (await reports.report(BEN, 11, "title", "it is rude"))[1]
    assert (await reports.report(BEN, 1, "title"))[1], "tune 11 was reported, not tune 1"
    assert not (await reports.report(ANN, 11, "title", "rude!"))[1]
    assert (await reports.report(ANN, tunes[10].id, "tune"))[1]
    assert await details(bot) == ["the tune of tune 11", "its title of tune 1", "its title of tune 11: it is rude"]
    assert await details(bot, ELSEWHERE) == []


@pytest.mark.parametrize(("tune_id", "subject", "reason"), [(1, "rhyme", ""), (1, "tune", "x" * 201), (9, "tune", "")])
async def test_a_wrong_report_is_refused(bot: Bot, tune_id: int, subject: str, reason: str) -> None:
    await composed(bot)
    with pytest.raises((BadRequest, NotFound)):
        await reports_of(bot).report(ANN, tune_id, subject, reason)
    assert await details(bot) == []


async def test_an_admin_removes_a_tune_of_another_member(bot: Bot) -> None:
    tune = await composed(bot)
    assert await reports_of(bot).moderate(BEN, tune.id, "remove") == "tune 1, Seed 7, was removed"
    with pytest.raises(NotFound):
        await bot.composer.library.tune(tune.id, ANN)
    assert (await composed(bot, seed=8)).abc  # its like is given


async def test_the_like_of_a_blocked_tune_is_not_given_again_on_that_server(bot: Bot) -> None:
    tune = await composed(bot)
    await reports_of(bot).moderate(BEN, tune.id, "like")
    failed = await bot.finished(new_prompt(seed=8))
    assert failed.tunes == ()
    assert "admins have blocked" in failed.prompt.error
    assert await composed(bot, ELSEWHERE)
    await reports_of(bot).moderate(BEN, tune.id, "allow")
    assert await composed(bot, seed=9)
    with pytest.raises(NotFound, match="nothing of tune 1 is blocked"):
        await reports_of(bot).moderate(BEN, tune.id, "allow")


async def test_a_title_is_taken_away_and_not_given_again(bot: Bot) -> None:
    tune = await composed(bot)
    await bot.composer.library.files(tune)
    done = await reports_of(bot).moderate(BEN, tune.id, "title")
    assert done == "tune 1, Seed 7, is Tunesmith's Reel No. 7 now, and its title is not given again here"
    plain = await bot.composer.library.tune(tune.id, ANN)
    assert plain.title == "Tunesmith's Reel No. 7"
    assert "T:Tunesmith's Reel No. 7\n" in plain.abc
    await bot.composer.library.files(plain, ["png"])
    assert "Tunesmith's Reel No. 7" in bot.renderer.rendered[-1], "its picture has the new title"
    assert (await composed(bot, seed=7)).title == "Tunesmith's Reel No. 7"
    assert (await composed(bot, ELSEWHERE, seed=7)).title == "Seed 7"
    with pytest.raises(BadRequest, match="plain already"):
        await reports_of(bot).moderate(BEN, tune.id, "title")


@pytest.mark.parametrize("action", [*ACTIONS, "burn"])
async def test_admins_reach_the_tunes_of_their_own_server_alone(bot: Bot, action: str) -> None:
    tune = await composed(bot)
    with pytest.raises((NotFound, NotAllowed, BadRequest)):
        await reports_of(bot).moderate(ELSEWHERE, tune.id, action)
    assert await bot.composer.library.tune(tune.id, ANN) == tune


async def test_who_is_forgotten_leaves_neither_reasons_nor_tunes(bot: Bot) -> None:
    tune = await composed(bot)
    await reports_of(bot).report(ANN, tune.id, "title", "it is rude")
    await reports_of(bot).moderate(BEN, tune.id, "title")
    await reports_of(bot).moderate(BEN, tune.id, "like")
    _, server_id = await bot.store.members.register(ANN)
    (ann,) = await bot.store.member_data.find(ANN.member)
    await bot.store.erasure.forget(ann.id, True)
    assert not [detail for detail in await details(bot) if "rude" in detail]
    blocked = await bot.store.blocked.load(server_id)
    assert (blocked.titles, blocked.tunes) == (("Seed 7",), ())
