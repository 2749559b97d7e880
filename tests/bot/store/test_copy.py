"""Moving from SQLite into another database: all of it arrives, the source stays as it is, nothing is overwritten."""
# ruff: noqa: ASYNC240 (nothing else runs on a test's loop)

import fcntl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.errors import StoreError
from bot.core.retraining import Options
from bot.core.values import Message, NewPrompt, Period, Place, State
from bot.store import Store
from bot.store.copy import copy
from bot.store.tables import metadata
from tests.bot.store.samples import PROMPT, a_member, a_prompt, a_tune, new_tunes, rows
from tests.command_line import ran
from tests.engines import postgres


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "old").mkdir()
    return tmp_path / "old" / "tunesmith.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new' / 'tunesmith.db'}"
    create: Callable[[], str] = request.getfixturevalue("new_database")
    return create()


async def filled(path: Path) -> int:
    """A store with something in every table but one; the newest tune's id."""
    async with await Store.open(path) as store:
        tune = await a_tune(store)
        ids = await a_member(store)
        for number in range(8):
            await store.votes.cast(tune.id, (await a_member(store, f"m{number}"))[0], (-1) ** (number % 3))
        variation = await store.prompts.add(
            NewPrompt(*ids, replace(PROMPT, vary="parts"), count=1, version=1, varied_from=tune.id)
        )
        (varied,) = await store.prompts.finish(variation.id, new_tunes())
        await store.tunes.delete(varied.id)
        await store.blocked.add_tune(tune)
        await store.prompts.set_state((await a_prompt(store)).id, State.COMPOSING)
        place = Place("discord", "9" * 19, "8" * 19, "Ünï ♯")
        await store.settings.change(place, {"channels": ("1", "2"), "temperature": 0.5}, "channels")
        learned = await store.retrainings.begin(place, Options(50), 1, "one", Message("10", "20"))
        await store.retrainings.start(learned.id, "one", 60, 50)
        await store.retrainings.promote(learned.id, "one", "retraining-1", "", candidate="/data/7", sha256="c" * 64)
        return varied.id


async def everything(location: str) -> dict[str, list[str]]:
    tables = {table.name: await rows(location, f"SELECT * FROM {table.name}") for table in metadata.sorted_tables}
    return {name: sorted(map(str, table)) for name, table in tables.items()}


async def test_everything_arrives_and_the_source_stays_as_it_is(source: Path, target: str) -> None:
    newest = await filled(source)
    before, there = source.read_bytes(), await everything(f"sqlite:///{source}")
    counts = await copy(f"sqlite:///{source}", target)
    assert counts == {name: len(table) for name, table in there.items()}
    assert sum(map(bool, counts.values())) == len(counts) - 1
    assert source.read_bytes() == before
    assert await everything(f"sqlite:///{source}") == there
    async with await Store.open(source) as old, await Store.open(target) as new:
        member_id, server_id = await a_member(old)
        assert await a_member(new) == (member_id, server_id)
        assert await new.tunes.history(server_id, member_id, None, 99) == await old.tunes.history(
            server_id, member_id, None, 99
        )
        assert await new.tunes.top(server_id, 0, Period.WEEK) == await old.tunes.top(server_id, 0, Period.WEEK) != []
        assert await new.versions.load_all() == await old.versions.load_all()
        place = Place("discord", "9" * 19, "8" * 19)
        assert await new.settings.load(place) == await old.settings.load(place)
        (left,) = await new.prompts.claim(["web"])
        assert left.state is State.COMPOSING, "prompts that are not done go on"
        assert (await a_tune(new)).id == newest + 1, "new rows are numbered on"


async def test_a_target_that_holds_anything_is_refused(source: Path, target: str) -> None:
    await filled(source)
    async with await Store.open(target) as store:
        tune = await a_tune(store)
    with pytest.raises(StoreError, match=r"is not empty \(\w+\): make a new one") as refusal:
        await copy(source, target)
    assert postgres.QUOTED not in str(refusal.value)
    async with await Store.open(target) as store:
        assert await store.tunes.load(tune.id) == tune
        assert await store.tunes.load(tune.id + 1) is None


async def test_a_source_that_cannot_be_copied_is_one_line(source: Path, target: str) -> None:
    await filled(source)
    (source.parent / "diary.db").write_text("Dear diary, " * 100)
    with (source.parent / "bot.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for location, reason in (
            (f"sqlite:///{source}", "a bot is at work on"),
            ("postgresql://db/x", "only an SQLite store"),
            (source.with_name("absent.db"), "there is no database"),
        ):
            with pytest.raises(StoreError, match=reason):
                await copy(location, target)
    with pytest.raises(StoreError, match="not a database"):
        await copy(source.parent / "diary.db", target)
    with pytest.raises(StoreError, match="into itself"):
        await copy(source, f"sqlite:///{source}")


async def test_the_command_copies_and_counts(source: Path, new_database: Callable[[], str], tmp_path: Path) -> None:
    await filled(source)
    url = new_database()
    done = ran(tmp_path / "data", "migrate", "--from", f"sqlite:///{source}", TUNESMITH_STORE__URL=url)
    assert (done.returncode, done.stderr) == (0, "")
    assert "votes: 8 rows" in done.stdout
    assert postgres.QUOTED not in done.stdout
    again = ran(tmp_path / "data", "migrate", "--from", f"sqlite:///{source}", TUNESMITH_STORE__URL=url)
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr.count("\n") == 1
