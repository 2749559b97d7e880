import asyncio
from dataclasses import replace

import pytest

from bot.core.errors import NotFound
from bot.core.values import State, Votes
from bot.store import Store
from model.prompt import LARGEST_SEED
from model.worker.protocol import Known
from tests.bot.store.samples import ABC, PROMPT, a_member, a_prompt, a_tune, new_tunes


async def test_a_tune_keeps_everything_needed_to_make_it_again(store: Store) -> None:
    prompt = await a_prompt(store)
    stored = await store.prompts.finish(prompt.id, new_tunes(2))
    assert [tune.prompt for tune in stored] == [PROMPT, replace(PROMPT, seed=PROMPT.seed + 1)]
    tune = await store.tunes.load(stored[1].id)
    assert tune == stored[1]
    assert (tune.title, tune.abc, tune.version, tune.member_name) == ("The Long Lane", ABC, 1, "Ann")
    assert (tune.nearest, tune.drawn_temperature) == (Known("The Boys of Malin", "ryansMammoth", 0.41), 1.2)
    assert (tune.prompt_id, tune.server_id, tune.votes) == (prompt.id, prompt.server_id, Votes())


async def test_a_tune_that_was_compared_with_none_says_so(store: Store) -> None:
    prompt = await a_prompt(store)
    (stored,) = await store.prompts.finish(prompt.id, [replace(new_tunes()[0], nearest=None, drawn_temperature=None)])
    assert (stored.nearest, stored.drawn_temperature) == (None, None)


async def test_a_seed_may_pass_the_largest_that_can_be_asked_for(store: Store) -> None:
    prompt = await a_prompt(store)
    late = replace(new_tunes()[0], seed=LARGEST_SEED + 99)
    assert (await store.prompts.finish(prompt.id, [late]))[0].prompt.seed == LARGEST_SEED + 99


async def test_finishing_twice_adds_nothing(store: Store) -> None:
    prompt = await a_prompt(store)
    first = await store.prompts.finish(prompt.id, new_tunes(2))
    again = await store.prompts.finish(prompt.id, [replace(tune, title="Another") for tune in new_tunes(3)])
    assert again == first
    assert await store.tunes.of_prompts([prompt.id]) == first
    assert (await store.prompts.load(prompt.id)).state is State.DONE  # type: ignore[union-attr]


async def test_finishing_ten_times_at_once_stores_one_answer(store: Store) -> None:
    prompt = await a_prompt(store)
    answers = await asyncio.gather(*(store.prompts.finish(prompt.id, new_tunes(2)) for _ in range(10)))
    assert all(answer == answers[0] for answer in answers)
    assert len(await store.tunes.of_prompts([prompt.id])) == 2


async def test_tunes_and_state_are_stored_together_or_not_at_all(store: Store) -> None:
    prompt = await a_prompt(store)
    with pytest.raises(Exception, match=r"(?i)unique"):
        await store.prompts.finish(prompt.id, [new_tunes()[0], new_tunes()[0]])
    assert await store.tunes.of_prompts([prompt.id]) == []
    assert (await store.prompts.load(prompt.id)).state is State.QUEUED  # type: ignore[union-attr]


@pytest.mark.parametrize("state", [State.CANCELLED, State.FAILED])
async def test_a_prompt_that_ended_otherwise_gets_no_tunes(store: Store, state: State) -> None:
    prompt = await a_prompt(store)
    await store.prompts.set_state(prompt.id, state)
    assert await store.prompts.finish(prompt.id, new_tunes()) == []
    assert (await store.prompts.load(prompt.id)).state is state  # type: ignore[union-attr]


async def test_an_unknown_prompt_cannot_be_finished(store: Store) -> None:
    with pytest.raises(NotFound, match="no prompt 5"):
        await store.prompts.finish(5, new_tunes())


async def test_a_deleted_tune_is_gone_for_every_reader(store: Store) -> None:
    tune = await a_tune(store)
    await store.tunes.delete(tune.id)
    assert await store.tunes.load(tune.id) is None
    assert await store.tunes.of_prompts([tune.prompt_id]) == []
    (_, tunes) = (await store.tunes.history(tune.server_id, tune.member_id, None, 10))[0]
    assert tunes == ()
    with pytest.raises(NotFound):
        await store.tunes.delete(tune.id)


@pytest.mark.parametrize("tune_id", [99, 0, -1, 2**31, 2**63, 10**30])
async def test_an_id_that_no_tune_can_have_is_none(store: Store, tune_id: int) -> None:
    await a_tune(store)
    assert await store.tunes.load(tune_id) is None


async def test_history_pages_backwards_and_reads_forwards(store: Store) -> None:
    ids = await a_member(store)
    elsewhere = await a_prompt(store, await a_member(store, server="elsewhere"))
    prompts = [await a_prompt(store, ids) for _ in range(5)]
    for prompt in prompts[:-1]:
        await store.prompts.finish(prompt.id, new_tunes(2))
    server = ids[1]
    newest = await store.tunes.history(server, ids[0], None, 2)
    assert [prompt.id for prompt, _ in newest] == [prompts[3].id, prompts[4].id]
    assert [len(tunes) for _, tunes in newest] == [2, 0]
    older = await store.tunes.history(server, ids[0], newest[0][0].id, 10)
    assert [prompt.id for prompt, _ in older] == [prompt.id for prompt in prompts[:3]]
    assert await store.tunes.history(server, ids[0], prompts[0].id, 10) == []
    assert len(await store.tunes.history(server, ids[0], 10**30, 10)) == 5
    assert [prompt.id for prompt, _ in await store.tunes.history(elsewhere.server_id, ids[0], None, 10)] == [
        elsewhere.id
    ]


async def test_history_shows_the_viewers_own_vote(store: Store) -> None:
    tune = await a_tune(store)
    bob, _ = await a_member(store, "bob")
    await store.votes.cast(tune.id, bob, 1)
    (_, tunes) = (await store.tunes.history(tune.server_id, bob, None, 10))[0]
    assert tunes[0].votes == Votes(1, 0, 1)


async def test_twenty_members_at_once_lose_nothing(store: Store) -> None:
    async def compose(name: str) -> int:
        prompt = await a_prompt(store, await a_member(store, name))
        await store.prompts.set_state(prompt.id, State.COMPOSING)
        return (await store.prompts.finish(prompt.id, new_tunes()))[0].id

    assert len(set(await asyncio.gather(*(compose(f"m{i}") for i in range(20))))) == 20
