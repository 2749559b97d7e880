import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.errors import NotFound
from bot.core.values import NewPrompt, Place, State
from bot.store import Store
from model.music.key import Key
from model.prompt import LARGEST_SEED, Prompt, parse_prompt
from tests.bot.store.samples import PROMPT, a_member, a_prompt, a_tune, new_tunes, rows


async def test_a_place_is_registered_once_and_takes_a_new_name(store: Store) -> None:
    first = await store.members.register(Place("web", "home", "ann", "Ann"))
    assert await store.members.register(Place("web", "home", "ann", "Anna")) == first
    assert await store.members.register(Place("web", "home", "ann")) == first
    assert (await a_prompt(store, first)).member_name == "Anna"


async def test_the_same_id_on_another_platform_is_another_member(store: Store) -> None:
    web, discord = [await store.members.register(Place(platform, "1", "1", "Ann")) for platform in ("web", "discord")]
    assert web[0] != discord[0]
    assert web[1] != discord[1]


async def test_a_place_registered_by_twenty_at_once_is_one_place(store: Store) -> None:
    ids = await asyncio.gather(*(store.members.register(Place("web", "home", "ann", f"Ann {i}")) for i in range(20)))
    assert len(set(ids)) == 1


@pytest.mark.parametrize(
    "prompt",
    [
        PROMPT,
        replace(PROMPT, transpose=True),
        replace(PROMPT, vary="endings"),
        Prompt(Key.parse("C#"), "slip jig", temperature=0.1, seed=LARGEST_SEED),
        parse_prompt("F#m", "waltz", 2.0, "AABBCC:16", 0, "é \"'; DROP TABLE prompts -- \n♯"),
    ],
)
async def test_a_prompt_comes_back_as_it_was_stored(store: Store, prompt: Prompt) -> None:
    stored = await a_prompt(store, prompt=prompt)
    assert stored.prompt == prompt
    assert (stored.state, stored.count, stored.version, stored.member_name) == (State.QUEUED, 2, 1, "Ann")
    assert stored.created_at.tzinfo is UTC
    assert abs(datetime.now(UTC) - stored.created_at) < timedelta(minutes=1)
    assert await store.prompts.load(stored.id) == stored


async def test_a_variation_remembers_its_tune(store: Store) -> None:
    tune = await a_tune(store)
    ids = await a_member(store)
    prompt = await store.prompts.add(
        NewPrompt(*ids, replace(PROMPT, vary="parts"), count=1, version=1, varied_from=tune.id)
    )
    assert (prompt.varied_from, prompt.prompt.vary) == (tune.id, "parts")
    (varied,) = await store.prompts.finish(prompt.id, new_tunes())
    assert (varied.varied_from, tune.varied_from) == (tune.id, None)
    await store.tunes.delete(tune.id)
    assert (await store.prompts.load(prompt.id)).varied_from == tune.id  # type: ignore[union-attr]


async def test_a_prompt_for_an_unknown_version_is_not_found(store: Store) -> None:
    ids = await a_member(store)
    with pytest.raises(NotFound, match="version 9"):
        await store.prompts.add(NewPrompt(*ids, PROMPT, count=1, version=9))
    assert await store.prompts.unfinished(["web"]) == []


async def test_a_prompt_moves_on_and_keeps_its_error(store: Store) -> None:
    prompt = await a_prompt(store)
    assert await store.prompts.set_state(prompt.id, State.COMPOSING)
    assert await store.prompts.set_state(prompt.id, State.FAILED, "no worker")
    failed = await store.prompts.load(prompt.id)
    assert failed is not None
    assert (failed.state, failed.error) == (State.FAILED, "no worker")


@pytest.mark.parametrize("final", [State.DONE, State.FAILED, State.CANCELLED])
async def test_a_final_state_is_never_left(store: Store, final: State) -> None:
    prompt = await a_prompt(store)
    assert await store.prompts.set_state(prompt.id, final)
    for state in State:
        assert not await store.prompts.set_state(prompt.id, state)
    assert (await store.prompts.load(prompt.id)).state is final  # type: ignore[union-attr]


async def test_an_unknown_prompt_has_no_state(store: Store) -> None:
    assert not await store.prompts.set_state(10**30, State.FAILED)
    assert await store.prompts.load(10**30) is None


async def test_times_and_attempts_are_kept(store: Store, location: str) -> None:
    prompt = await a_prompt(store)
    for state in (State.COMPOSING, State.QUEUED, State.COMPOSING):
        await store.prompts.set_state(prompt.id, state)
    await store.prompts.finish(prompt.id, new_tunes())
    query = "SELECT attempts, created_at < started_at, started_at < finished_at FROM prompts"
    assert await rows(location, query) == [(2, 1, 1)]


async def test_unfinished_prompts_of_a_platform_are_listed_oldest_first(store: Store) -> None:
    web, discord = await a_member(store), await a_member(store, platform="discord")
    prompts = [await a_prompt(store, ids) for ids in (web, discord, web, web, discord)]
    await store.prompts.set_state(prompts[0].id, State.RENDERING)
    await store.prompts.set_state(prompts[2].id, State.CANCELLED)
    assert [prompt.id for prompt in await store.prompts.unfinished(["web"])] == [prompts[0].id, prompts[3].id]
    assert [prompt.id for prompt in await store.prompts.unfinished({"web", "discord"})] == [
        prompts[i].id for i in (0, 1, 3, 4)
    ]
    assert await store.prompts.unfinished([]) == []


async def test_the_shipped_version_is_registered_once(store: Store) -> None:
    first = await store.versions.add("old/trad.safetensors", "a" * 64, "trad", number=1)
    again = await store.versions.add("new/trad.safetensors", "a" * 64, "trad", number=1)
    assert (again.path, again.created_at) == ("new/trad.safetensors", first.created_at)
    assert await store.versions.load_all() == [again]


async def test_a_new_version_gets_the_next_number(store: Store) -> None:
    await store.versions.add("trad.safetensors", "a" * 64, "trad", number=1)
    tuned = await store.versions.add("2.safetensors", "b" * 64, "tuned", note="from 200 votes")
    assert tuned.number == 2
    assert [version.number for version in await store.versions.load_all()] == [1, 2]


async def test_versions_that_are_added_at_once_get_numbers_of_their_own(store: Store) -> None:
    names = [f"tuned {number}" for number in range(12)]
    added = await asyncio.gather(*(store.versions.add(f"{name}.safetensors", "b" * 64, name) for name in names))
    assert sorted(version.number for version in added) == list(range(2, 14)), "1 is the shipped one's"
    assert {version.name for version in await store.versions.load_all()} == set(names)


async def test_the_message_that_carries_the_answer_is_remembered(store: Store) -> None:
    prompt = await a_prompt(store)
    await store.prompts.set_message(prompt.id, "9" * 20, "8" * 20)
    (left,) = await store.prompts.unfinished(["web"])
    assert (left.channel_id, left.message_id) == ("9" * 20, "8" * 20)
    await store.prompts.set_message(prompt.id, "9" * 20, "7")  # the first one was deleted
    assert (await store.prompts.load(prompt.id)).message_id == "7"  # type: ignore[union-attr]


async def test_an_answer_is_undelivered_until_its_message_shows_it(store: Store) -> None:
    done, failed, waiting, unseen, elsewhere = [await a_prompt(store) for _ in range(4)] + [
        await a_prompt(store, await a_member(store, platform="discord"))
    ]
    for prompt in (done, failed, waiting, elsewhere):
        await store.prompts.set_message(prompt.id, "1", str(prompt.id))
    for prompt in (done, unseen, elsewhere):
        await store.prompts.finish(prompt.id, new_tunes())
    await store.prompts.set_state(failed.id, State.FAILED, "sorry")
    assert [prompt.id for prompt in await store.prompts.undelivered(["web"])] == [done.id, failed.id]
    await store.prompts.mark_delivered(done.id)
    assert [prompt.id for prompt in await store.prompts.undelivered(["web", "discord"])] == [failed.id, elsewhere.id]
    await store.prompts.mark_delivered(done.id)


async def test_what_a_clean_stop_interrupted_was_no_attempt(store: Store) -> None:
    working, done, queued = [await a_prompt(store) for _ in range(3)]
    for prompt in (working, done):
        await store.prompts.set_state(prompt.id, State.COMPOSING)
    await store.prompts.finish(done.id, new_tunes())
    await store.prompts.requeue([working.id, done.id, queued.id])
    states = [await store.prompts.load(prompt.id) for prompt in (working, done, queued)]
    assert [(prompt.state, prompt.attempts) for prompt in states if prompt] == [
        (State.QUEUED, 0),
        (State.DONE, 1),
        (State.QUEUED, 0),
    ]
