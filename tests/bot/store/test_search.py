"""Tunes are found by title, notes, key, rhythm, day and votes, on both databases."""

from datetime import timedelta

import pytest

from bot.core.search import Order, Search
from bot.core.values import NewTune
from bot.library.notes import read_notes
from bot.store import Store, search
from bot.store.search_terms import words
from bot.store.tables import now
from tests.bot.store.samples import a_member, a_prompt

HEAD = "X:1\nT:A\nR:reel\nM:4/4\nL:1/8\nK:D\n"
TITLES = ("The Silver Heron", "Biddy’s Lántern", "The Road to Kilmaine")
MUSIC = ("DFAd fdAF|GBdg bgdB|D8|", "ABcd efga|a2f2 d4|", "dcBA GFED|A,2D2 F4|")


async def filled(store: Store) -> tuple[int, int]:
    """Three tunes; the ids of their member and server."""
    prompt = await a_prompt(store)
    new = [NewTune(n, n, TITLES[n], HEAD + MUSIC[n]) for n in range(3)]
    await store.prompts.finish(prompt.id, new)
    return prompt.member_id, prompt.server_id


async def titles(store: Store, member: int, server: int, wanted: Search) -> list[str]:
    return [tune.title for tune in await store.tunes.search(server, member, wanted, 10)]


def test_words_of_titles_are_found_without_accents_and_case() -> None:
    assert words("Bíddy’s ÉIRE—Lántern, lantern! 🎻") == ["biddys", "eire", "lantern"]
    assert words("🎻 ‮") == []
    assert len(words("a" * 10_000)[0]) == 40


async def test_titles_are_found_by_beginnings_of_words(store: Store) -> None:
    place = await filled(store)
    assert await titles(store, *place, Search(title="lant bid")) == [TITLES[1]]
    assert await titles(store, *place, Search(title="THE")) == [TITLES[2], TITLES[0]]
    assert await titles(store, *place, Search(title="the nowhere")) == []
    assert await titles(store, *place, Search(title="%_")) == [*TITLES[::-1]]  # no word at all


async def test_notes_are_found_in_any_key_from_the_first_of_any_bar(store: Store) -> None:
    place = await filled(store)
    for notes, key in (
        ("DFAd", "D"),
        ("GBdg", "G"),
        ("D ^F A d", ""),
        ("EGBe", "E"),
        ("G4 B2 d/2 g", "G"),
        ("cegc'", ""),
    ):
        assert TITLES[0] in await titles(store, *place, Search(steps=read_notes(notes, key))), notes
    assert await titles(store, *place, Search(steps=read_notes("EEEE"))) == []
    assert await titles(store, *place, Search(steps=read_notes("dcBAGF", "D"))) == [TITLES[2]]


async def test_other_servers_deleted_tunes_and_other_keys_are_left_out(store: Store) -> None:
    member, server = await filled(store)
    assert await titles(store, member, server + 1, Search()) == []
    assert await titles(store, member, server, Search(key="Gm")) == []
    assert await titles(store, member, server, Search(rhythm="polka")) == []
    await store.tunes.delete((await store.tunes.search(server, member, Search(title="heron"), 1))[0].id)
    assert await titles(store, member, server, Search(title="heron")) == []


async def test_days_members_votes_and_order(store: Store) -> None:
    member, server = await filled(store)
    (best,) = await store.tunes.search(server, member, Search(title="road"), 1)
    await store.votes.cast(best.id, member, 1)
    assert await titles(store, member, server, Search(order=Order.BEST)) == [TITLES[2]]
    assert await titles(store, member, server, Search(favourites=True)) == [TITLES[2]]
    assert await titles(store, member, server, Search(mine=True)) == [*TITLES[::-1]]
    other = await a_member(store, "other")
    assert await titles(store, other[0], server, Search(mine=True)) == []
    today = now()
    assert len(await titles(store, member, server, Search(since=today - timedelta(days=1)))) == 3
    assert await titles(store, member, server, Search(since=today + timedelta(days=1))) == []
    assert await titles(store, member, server, Search(until=today - timedelta(days=1))) == []


async def test_a_word_that_many_titles_have_is_found_in_order(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    member, server = await filled(store)
    monkeypatch.setattr(search, "FEW", 1)
    assert await titles(store, member, server, Search(title="the")) == [TITLES[2], TITLES[0]]
