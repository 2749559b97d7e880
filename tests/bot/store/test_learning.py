"""What learning from votes keeps: votes, one retraining at a time, versions that are chosen and pruned."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.errors import Busy, NotFound
from bot.core.retraining import Options, Retraining, RetrainingProgress, RetrainingStatus
from bot.core.values import Message, Place
from bot.store import Store, lease, retrainings
from model.retraining.protocol import Step, TrainingExample, Vote
from tests.bot.store.samples import ABC, a_member, a_prompt, a_tune, new_tunes

BOTH = ("web", "discord")
ANN = Place("web", "home", "ann", "Ann")
SILENCE = timedelta(seconds=15)
FOUND = {"candidate": "/data/7.safetensors", "sha256": "c" * 64, "report": {"passed": True, "scores": {"bits": 2.0}}}


async def begun(store: Store, runner: str = "one") -> Retraining:
    await store.versions.add("shipped.safetensors", "0" * 64, "trad", number=1)
    return await store.retrainings.begin(ANN, Options(50), 1, runner, Message("10", "20"))


async def running(store: Store, runner: str = "one") -> Retraining:
    found = await store.retrainings.start((await begun(store, runner)).id, runner, 60, 50)
    assert found
    return found


# ---- votes


async def test_every_vote_is_learned_from_but_those_on_deleted_tunes(store: Store) -> None:
    kept, deleted = await a_tune(store), await a_tune(store)
    ben, _ = await a_member(store, "ben", platform="discord")
    before = datetime.now(UTC).timestamp()
    for tune in (kept, deleted):
        await store.votes.cast(tune.id, ben, -1)
        await store.votes.cast(tune.id, tune.member_id, 1)
    await store.tunes.delete(deleted.id)
    found = await store.training_votes.load(BOTH, 100)
    assert all(before <= vote.at <= datetime.now(UTC).timestamp() for vote in found)
    assert {replace(vote, at=before) for vote in found} == {
        Vote(kept.id, kept.member_id, 1, before, own=True),
        Vote(kept.id, ben, -1, before, own=False),
    }
    assert await store.training_votes.load(("discord",), 100) == [vote for vote in found if not vote.own]
    assert await store.training_votes.load((), 100) == []


async def test_the_age_of_an_account_is_in_its_discord_id(store: Store) -> None:
    tune = await a_tune(store)
    for name, platform in (("175928847299117063", "discord"), ("ben", "discord"), ("175928847299117063", "web")):
        await store.votes.cast(tune.id, (await a_member(store, name, platform=platform))[0], 1)
    made = datetime(2016, 4, 30, 11, 18, 25, 796000, UTC).timestamp()  # as Discord's documentation has it
    found = [vote.account_since for vote in await store.training_votes.load(BOTH, 100)]
    assert found == [pytest.approx(made), None, None]


async def test_own_votes_do_not_count_as_votes_to_learn_from(store: Store) -> None:
    tune = await a_tune(store)
    await store.votes.cast(tune.id, tune.member_id, 1)
    assert await store.training_votes.count(BOTH, 100) == 0
    for number in range(5):
        await store.votes.cast(tune.id, (await a_member(store, f"m{number}"))[0], 1)
    assert await store.training_votes.count(BOTH, 100) == 5
    assert await store.training_votes.count(BOTH, 3) == 3
    await store.tunes.delete(tune.id)
    assert await store.training_votes.count(BOTH, 100) == 0


async def test_many_votes_come_in_pages_that_miss_and_repeat_none(store: Store) -> None:
    tunes = [await a_tune(store) for _ in range(3)]
    members = [(await a_member(store, f"m{number}"))[0] for number in range(4)]
    cast = [(tune.id, member) for tune in reversed(tunes) for member in members]
    for tune, member in cast:
        await store.votes.cast(tune, member, 1)
    assert [(vote.tune, vote.member) for vote in await store.training_votes.load(BOTH, 100, page=3)] == cast
    newest = await store.training_votes.load(BOTH, 7, page=3)
    assert [(vote.tune, vote.member) for vote in newest] == cast[:7]


async def test_the_music_of_voted_tunes(store: Store) -> None:
    tunes = [await a_tune(store) for _ in range(4)]
    await store.tunes.delete(tunes[2].id)
    ids = [tune.id for tune in tunes]
    weights = {tune_id: tune_id / 2 for tune_id in ids}
    found = [example async for page in store.training_votes.examples(weights, page=2) for example in page]
    wanted = [TrainingExample(tune_id, ABC, "reel", tune_id / 2) for tune_id in ids if tune_id != tunes[2].id]
    assert found == wanted


# ---- one retraining at a time


async def test_a_second_retraining_is_refused_until_the_first_has_ended(store: Store) -> None:
    first = await begun(store)
    assert (first.status, first.options, first.base, first.platform) == (RetrainingStatus.QUEUED, Options(50), 1, "web")
    assert (first.channel_id, first.message_id, first.member_name) == ("10", "20", "Ann")
    with pytest.raises(Busy, match=f"retraining {first.id} is under way"):
        await begun(store, "two")
    assert await store.retrainings.end(first.id, "one", RetrainingStatus.FAILED, error="no")
    assert (await begun(store, "two")).id == first.id + 1
    details = [(record.action, record.detail) for record in await store.audit.latest(ANN)]
    assert details == [("retrain", "with at least 50 votes")] * 2, "what was refused is not in the audit"


async def test_of_ten_that_begin_at_once_in_two_processes_one_does(store: Store, location: str) -> None:
    async with await Store.open(location) as other:
        results = await asyncio.gather(
            *(begun((store, other)[number % 2], f"r{number}") for number in range(10)), return_exceptions=True
        )
    assert sum(isinstance(result, Retraining) for result in results) == 1
    assert sum(isinstance(result, Busy) for result in results) == 9


async def test_nobody_takes_a_retraining_away_from_who_gives_signs_of_life(store: Store) -> None:
    mine = await running(store)
    assert await store.retrainings.adopt("two", SILENCE) is None
    assert await store.retrainings.end(mine.id, "two", RetrainingStatus.FAILED) is None
    assert await store.retrainings.promote(mine.id, "two", "trad", "", **FOUND) is None
    assert not await store.retrainings.renew(mine.id, "two", RetrainingProgress())
    progress = (
        RetrainingProgress()
        .after(Step("reading", 1, 2))
        .after(Step("tuning", 3, 40, 1.5))
        .after(Step("tuning", 4, 40, 1.4))
    )
    assert await store.retrainings.renew(mine.id, "one", progress)
    opened = await store.retrainings.unfinished()
    assert opened
    assert (opened.status, opened.progress, opened.votes, opened.tunes) == (RetrainingStatus.RUNNING, progress, 60, 50)
    assert opened.progress.losses == ((3.0, 1.5), (4.0, 1.4))


async def test_whoever_is_silent_loses_it_and_cannot_end_it_any_more(store: Store) -> None:
    mine = await running(store)
    adopted = await store.retrainings.adopt("two", timedelta(0))
    assert adopted
    assert (adopted.id, adopted.runner, adopted.attempts) == (mine.id, "two", 1)
    assert not await store.retrainings.renew(mine.id, "one", RetrainingProgress())
    assert await store.retrainings.promote(mine.id, "one", "trad", "", **FOUND) is None
    assert [version.number for version in await store.versions.load_all()] == [1]
    again = await store.retrainings.start(mine.id, "two", 61, 50)
    assert again
    assert again.attempts == 2


async def test_a_clean_stop_leaves_it_to_the_next_start_and_is_no_attempt(store: Store) -> None:
    mine = await running(store)
    await store.retrainings.release(mine.id, "one")
    left = await store.retrainings.unfinished()
    assert left
    assert (left.status, left.attempts) == (RetrainingStatus.QUEUED, 0)
    assert await store.retrainings.adopt("two", SILENCE)
    await store.retrainings.release(mine.id, "two")  # before it began
    left = await store.retrainings.unfinished()
    assert left
    assert left.attempts == 0


async def test_a_cancelled_retraining_is_nobodys(store: Store) -> None:
    assert await store.retrainings.cancel(ANN) is None
    mine = await running(store)
    cancelled = await store.retrainings.cancel(ANN)
    assert cancelled
    assert (cancelled.id, cancelled.status) == (mine.id, RetrainingStatus.CANCELLED)
    assert not await store.retrainings.renew(mine.id, "one", RetrainingProgress())
    assert await store.retrainings.promote(mine.id, "one", "trad", "", **FOUND) is None
    assert await store.retrainings.unfinished() is None
    assert (await store.audit.latest(ANN))[0].detail == f"cancelled retraining {mine.id}"


async def test_the_end_is_owed_to_a_message_until_it_is_shown(store: Store) -> None:
    mine = await running(store)
    assert [owed.id for owed in await store.retrainings.undelivered("web")] == [mine.id]
    assert await store.retrainings.undelivered("discord") == []
    await store.retrainings.end(mine.id, "one", RetrainingStatus.REFUSED, **FOUND)
    (owed,) = await store.retrainings.undelivered("web")
    assert (owed.status, owed.report) == (RetrainingStatus.REFUSED, FOUND["report"])
    await store.retrainings.mark_delivered(mine.id)
    assert await store.retrainings.undelivered("web") == []


# ---- versions


async def test_the_version_chosen_last_is_the_one_in_use(store: Store) -> None:
    for number in (1, 2, 3):
        await store.versions.add(f"/{number}", str(number) * 64, "trad", number)
    assert await store.versions.current() is None
    for number in (1, 3, 2, 1):
        assert (await store.versions.choose(number)).number == number
        assert await store.versions.current() == number
    with pytest.raises(NotFound, match="no version 9: there are 1, 2, 3"):
        await store.versions.choose(9, ANN)
    assert await store.audit.latest(ANN) == [], "what was refused is not in the audit"
    await store.versions.choose(2, ANN)
    assert [(record.action, record.detail) for record in await store.audit.latest(ANN)] == [
        ("rollback", "to version 2")
    ]


async def test_registering_a_version_again_keeps_whether_it_is_in_use(store: Store) -> None:
    await store.versions.add("/1", "1" * 64, "trad", 1)
    await store.versions.choose(1)
    assert (await store.versions.add("/elsewhere", "1" * 64, "trad", 1)).chosen_at
    assert await store.versions.current() == 1


async def test_a_promoted_candidate_is_in_use_at_once(store: Store) -> None:
    mine = await running(store)
    await store.versions.choose(1)
    promoted = await store.retrainings.promote(mine.id, "one", "trad", "from 60 votes", **FOUND)
    assert promoted
    done, version = promoted
    assert (done.status, done.version, done.chosen, done.candidate) == (
        RetrainingStatus.PROMOTED,
        2,
        True,
        version.path,
    )
    assert (version.sha256, version.note, version.retraining_id) == ("c" * 64, "from 60 votes", mine.id)
    assert await store.versions.current() == 2
    assert await store.retrainings.unfinished() is None


async def test_a_choice_made_meanwhile_is_not_overruled(store: Store) -> None:
    mine = await running(store)
    await store.versions.add("/2", "2" * 64, "trad", 2)
    await store.versions.choose(2)
    promoted = await store.retrainings.promote(mine.id, "one", "trad", "", **FOUND)
    assert promoted
    assert (promoted[0].version, promoted[0].chosen) == (3, False)
    assert await store.versions.current() == 2


async def test_a_pruned_version_cannot_be_chosen_and_the_one_in_use_is_never_pruned(store: Store) -> None:
    for number in range(1, 5):
        await store.versions.add(f"/{number}", str(number) * 64, "trad", number)
        await store.versions.choose(number)
    pruned = await store.versions.prune([1, 2, 3, 4])
    assert sorted(version.number for version in pruned) == [2, 3]
    assert await store.versions.prune([2, 3]) == []
    with pytest.raises(NotFound, match="version 3 was pruned, so its file is gone: there are 1, 4"):
        await store.versions.choose(3)
    assert await store.versions.current() == 4


async def test_the_clock_may_be_set_back_between_two_choices(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (1, 2):
        await store.versions.add(f"/{number}", str(number) * 64, "trad", number)
    await store.versions.choose(2)
    monkeypatch.setattr("bot.store.versions.now", lambda: datetime(2020, 1, 1, tzinfo=UTC))
    await store.versions.choose(1)
    assert await store.versions.current() == 1


async def test_votes_are_counted_for_the_version_that_composed_the_tune(store: Store) -> None:
    prompt = await a_prompt(store)
    await store.versions.add("/2", "2" * 64, "trad", 2)
    first, second = new_tunes(2)
    asked, spare = await store.prompts.finish(prompt.id, [first, replace(second, version=2)])
    ben, _ = await a_member(store, "ben")
    await store.votes.cast(asked.id, ben, 1)
    await store.votes.cast(asked.id, asked.member_id, -1)
    await store.votes.cast(spare.id, ben, 1)
    assert await store.versions.counts() == {1: (1, 1), 2: (1, 0)}
    await store.tunes.delete(asked.id)
    await store.votes.cast(spare.id, ben, 0)
    assert await store.versions.counts() == {}


async def test_one_that_was_left_before_the_clock_was_set_back_is_adopted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with await Store.open(tmp_path / "tunesmith.db") as store:  # bots on a server go by its clock
        with monkeypatch.context() as clock:
            clock.setattr(lease, "now", lambda: datetime.now(UTC) + timedelta(hours=1))
            mine = await running(store)
            assert await store.retrainings.adopt("two", SILENCE) is None
        found = await store.retrainings.adopt("two", SILENCE)
        assert found is not None
        assert found.id == mine.id


# ---- several bots


@pytest.mark.parametrize("hours", [1, -1])
async def test_a_bot_whose_clock_is_an_hour_off_takes_nobodys_retraining(
    database: str, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    async with await Store.open(database) as store:
        with monkeypatch.context() as clock:
            clock.setattr(retrainings, "now", lambda: datetime.now(UTC) + timedelta(hours=hours))
            mine = await running(store)
            assert await store.retrainings.renew(mine.id, "one", RetrainingProgress())
            assert await store.retrainings.adopt("two", SILENCE) is None
        assert await store.retrainings.adopt("two", SILENCE) is None
        assert await store.retrainings.adopt("two", timedelta(0))


async def test_the_end_of_a_retraining_is_shown_by_whoever_had_it_as_long_as_that_lives(database: str) -> None:
    async with await Store.open(database) as store:
        mine = await running(store)
        assert not await store.retrainings.claim_delivery(mine.id, "one", SILENCE), "it has not ended"
        assert await store.retrainings.end(mine.id, "one", RetrainingStatus.FAILED, error="no")
        assert not await store.retrainings.claim_delivery(mine.id, "two", SILENCE)
        assert await store.retrainings.claim_delivery(mine.id, "one", SILENCE)
        assert await store.retrainings.claim_delivery(mine.id, "two", timedelta(0))
        assert not await store.retrainings.claim_delivery(mine.id, "one", SILENCE)
        await store.retrainings.mark_delivered(mine.id)
        assert not await store.retrainings.claim_delivery(mine.id, "two", SILENCE)
