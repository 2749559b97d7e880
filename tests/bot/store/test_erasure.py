"""Who is forgotten leaves no trace in any table, and none in the file; what others have stays as it was."""
# ruff: noqa: ASYNC240 (nothing else runs on a test's loop)

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.core.retraining import Options, RetrainingStatus
from bot.core.values import Message, NewPrompt, NewTune, Period, Place, State, StoredTune
from bot.store import Store, leaderboards
from bot.store.store import Store as StoreClass
from bot.store.tables import metadata, now, servers, tunes
from model.prompt import Prompt
from tests.bot.store.samples import ABC, BROUGHT, PROMPT, a_member, a_prompt, a_tune, rows
from tests.bot.store.test_copy import everything

ANN = Place("discord", "8" * 18, "777000111222333444", "Annabel Undertow")
TRACES = (ANN.member, ANN.member_name, "555666777888999", "444333222111000", "=f'gz__A,,|")
OPENING = "=f'gz__A,,|"


async def told(store: Store, place: Place = ANN) -> dict[str, StoredTune]:
    """A member with tunes, votes, an opening, a conversation, a retraining and records; its tunes by what they are."""
    await store.versions.add("shipped.safetensors", "0" * 64, "trad", number=1)
    message, bens = Message("555666777888999", "444333222111000"), Message("5" * 15, "4" * 15)

    async def composed(prompt: Prompt = PROMPT, varied_from: int | None = None, who: Place = place) -> StoredTune:
        ids = await store.members.register(who)
        stored = await store.prompts.add(
            NewPrompt(*ids, prompt, 1, 1, varied_from, message if who.member == place.member else bens)
        )
        abc = ABC.replace("EBBA", OPENING) if OPENING in stored.prompt.opening else ABC
        return (await store.prompts.finish(stored.id, [NewTune(0, 7, "The Long Lane", abc)]))[0]

    ben = replace(place, member="2" * 18, member_name="Ben")
    found = {"plain": await composed(), "opened": await composed(replace(BROUGHT, opening=OPENING))}
    whole = replace(PROMPT, opening=found["opened"].abc, vary="parts")
    found["varied by ben"] = await composed(whole, found["opened"].id, ben)
    found["of that"] = await composed(
        replace(whole, opening=found["varied by ben"].abc), found["varied by ben"].id, ben
    )
    found["ben's"] = await composed(who=ben)
    found["ben's of plain"] = await composed(replace(PROMPT, opening=ABC, vary="parts"), found["plain"].id, ben)
    found["direct"] = await composed(who=replace(place, server="@555666777888999"))
    found["deleted"] = await composed()
    await store.tunes.delete(found["deleted"].id)
    member_id, _ = await store.members.register(place)
    for tune in ("plain", "ben's", "ben's of plain"):
        await store.votes.cast(found[tune].id, member_id, 1)
    await store.votes.cast(found["ben's"].id, (await store.members.register(ben))[0], -1)
    failed = await store.prompts.add(
        NewPrompt(*(await store.members.register(place)), replace(BROUGHT, opening=OPENING), 1, 1)
    )
    await store.prompts.set_state(failed.id, State.FAILED, f"cannot read {OPENING}")
    await store.audit.add(place, "settings", "channels")
    begun = await store.retrainings.begin(place, Options(1), 1, "one", message)
    await store.retrainings.end(begun.id, "one", RetrainingStatus.FAILED, error="stopped")
    return found


async def traces(location: str, *words: str) -> list[str]:
    """Rows in which one of these words stands."""
    found = [str(row) for table in (await everything(location)).values() for row in table]
    return [row for row in found if any(word in row for word in words)]


@pytest.mark.parametrize("keep", [True, False])
async def test_nothing_of_a_member_is_left(store: StoreClass, location: str, keep: bool) -> None:
    tunes_ = await told(store)
    (member,) = await store.member_data.find(ANN.member)
    assert await traces(location, *TRACES)
    done = await store.erasure.forget(member.id, keep)
    assert await traces(location, *TRACES) == []
    assert await store.member_data.find(ANN.member) == []
    assert done.votes == 3
    assert done.kept_tunes == (2 if keep else 0)
    left = {tune.id for tune in await store.tunes.load_all([each.id for each in tunes_.values()])}
    kept = {tunes_[name].id for name in ("plain", "direct")} if keep else set()
    assert left == kept | {tunes_[name].id for name in ("ben's", "ben's of plain")}
    assert set((await everything(location)).keys()) == set(metadata.tables)


async def test_votes_leave_every_count(store: StoreClass, location: str) -> None:
    tunes_ = await told(store)
    ben, server_id = await store.members.register(replace(ANN, member="2" * 18, member_name="Ben"))
    for tune in (tunes_["ben's"], tunes_["ben's of plain"]):
        voter, _ = await store.members.register(replace(ANN, member="3" * 18, member_name="Cia"))
        await store.votes.cast(tune.id, voter, 1)
    (member,) = await store.member_data.find(ANN.member)
    await store.erasure.forget(member.id, True)
    tune = tunes_["ben's"]
    (tune,) = await store.tunes.load_all([tune.id])
    assert (tune.votes.up, tune.votes.down) == (1, 1)
    for period in Period:
        top = {leader.tune.id: leader for leader in await store.tunes.top(server_id, ben, period)}
        assert (top[tune.id].up, top[tune.id].down) == (1, 1), period
        assert (top[tunes_["ben's of plain"].id].up, top[tunes_["ben's of plain"].id].down) == (1, 0)
    (score,) = (await rows(location, f"SELECT score FROM tunes WHERE id = {tune.id}"))[0]
    assert score == pytest.approx(leaderboards.wilson(1, 1))
    assert {vote.member for vote in await store.training_votes.load(["discord"], 99)} == {ben, voter}


async def test_a_prompt_that_is_being_worked_on_ends_and_stores_nothing(store: StoreClass, location: str) -> None:
    prompt = await a_prompt(store, prompt=BROUGHT)
    await store.prompts.set_state(prompt.id, State.COMPOSING)
    await store.erasure.forget(prompt.member_id, True)
    assert await store.prompts.finish(prompt.id, [NewTune(0, 7, "The Long Lane", ABC)]) == []
    assert await store.prompts.set_state(prompt.id, State.RENDERING) is False
    assert await traces(location, BROUGHT.opening, "Ann") == []


async def test_a_file_holds_nothing_either_once_it_is_compacted(tmp_path: Path) -> None:
    path = tmp_path / "tunesmith.db"
    async with await Store.open(path) as store:
        for number in range(40):  # rows that are moved from page to page as others come
            await told(store, replace(ANN, server=str(number)))
        ben = await a_member(store)
        for _ in range(200):
            await a_tune(store, ben)
        (member,) = await store.member_data.find(ANN.member)
        await store.erasure.forget(member.id, True)
        await store.erasure.compact()
        held = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert [word for word in TRACES if word.encode() in held] == []
        assert b"Ann" in held, "another member of the tests"


async def test_versions_that_learned_from_erased_votes_are_named(store: StoreClass) -> None:
    await told(store)

    async def learned(base: int, path: str) -> int:
        begun = await store.retrainings.begin(Place("web", "local", "boss"), Options(1), base, path)
        await store.retrainings.start(begun.id, path, 1, 1)
        promoted = await store.retrainings.promote(begun.id, path, path, "", candidate=path, sha256=path * 64)
        assert promoted
        return promoted[1].number

    first = await learned(1, "a")
    second = await learned(first, "b")
    (member,) = await store.member_data.find(ANN.member)
    assert await store.member_data.learned_from(member.id) == [first, second]
    newcomer, server = await store.members.register(replace(ANN, member="9" * 18))
    await store.votes.cast((await a_tune(store, (newcomer, server))).id, newcomer, 1)
    assert await store.member_data.learned_from(newcomer) == [], "its vote came later"


async def test_deleted_tunes_are_purged_after_a_while(store: StoreClass, location: str) -> None:
    old, new, kept = [await a_tune(store, prompt=BROUGHT) for _ in range(3)]
    for tune in (old, new):
        await store.votes.cast(tune.id, tune.member_id, 1)
        await store.tunes.delete(tune.id)
    month_ago = now() - timedelta(days=30)
    await store._database.write(
        lambda connection: connection.execute(
            update(tunes).where(tunes.c.id == old.id).values(deleted_at=month_ago - timedelta(hours=1))
        )
    )
    assert await store.erasure.purge(month_ago) == 1
    assert await rows(location, "SELECT id FROM tunes ORDER BY id") == [(new.id,), (kept.id,)]
    assert await rows(location, "SELECT id FROM prompts ORDER BY id") == [(new.prompt_id,), (kept.prompt_id,)]
    assert await store.erasure.purge(month_ago) == 0


async def test_a_server_that_the_bot_left_is_purged_after_a_while(store: StoreClass, location: str) -> None:
    tunes_ = await told(store)
    elsewhere = await a_tune(store)
    await store.settings.change(ANN, {"channels": ("1",)}, "channels")
    month_ago = now() - timedelta(days=30)
    there = update(servers).where(servers.c.external_id == ANN.server)
    await store._database.write(lambda c: c.execute(there.values(left_at=month_ago + timedelta(hours=1))))
    assert await store.erasure.purge(month_ago) == 0
    await store._database.write(lambda c: c.execute(there.values(left_at=month_ago - timedelta(hours=1))))
    assert await store.erasure.purge(month_ago) == 1
    left = {tune.id for tune in await store.tunes.load_all([each.id for each in (*tunes_.values(), elsewhere)])}
    assert left == {tunes_["direct"].id, elsewhere.id}
    assert await traces(location, ANN.server, "Ben") == []
    assert len(await store.member_data.find(ANN.member)) == 1, "who is known elsewhere stays"


async def test_what_members_bring_is_never_learned_from(store: StoreClass) -> None:
    tunes_ = await told(store)
    voter, _ = await a_member(store, "voter")
    for tune in tunes_.values():
        if tune is not tunes_["deleted"]:
            await store.votes.cast(tune.id, voter, 1)
    learned = {vote.tune for vote in await store.training_votes.load(["web"], 99)}
    assert learned == {tunes_[name].id for name in ("plain", "ben's", "ben's of plain", "direct")}
    assert await store.training_votes.count(["web"], 99) == 4
