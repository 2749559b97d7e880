"""A small soak of a real bot accounts for all that members saw confirmed; what is not as they saw it is found."""

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.benchmarks.soak_accounts import compare
from bot.benchmarks.soak_members import Ledger
from bot.core.values import NewPrompt
from bot.store import Store
from model.prompt import parse_prompt
from tests.bot.store.samples import a_member, new_tunes

SMALL = ("--prompts", "12", "--members", "3", "--restart-every", "8", "--outage", "0.2", "--sleep", "0", "--json")
COOKIE = "0" * 32


@pytest.mark.timeout(600)  # three starts of a bot, on a machine with other work
def test_a_small_one_accounts_for_everything(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["soak", *SMALL])
    found = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert {name: row for name, row in found.items() if row["baseline"] == 0 and row["ours"]} == {}
    assert status == 0
    asked = ("prompts that the bot confirmed", "prompts without an answer, of which it has")
    assert sum(found[name]["ours"] for name in asked) == 12
    assert found["restarts, kills and outages"]["ours"] == 6


@pytest.fixture
async def ledger(tmp_path: Path) -> Ledger:
    """What a member saw confirmed of two prompts with a tune each: a vote on the first, the second removed."""
    async with await Store.open(tmp_path / "tunesmith.db") as store:
        await store.versions.add("shipped.safetensors", "0" * 64, "trad", number=1)
        ids = await a_member(store, hashlib.sha256(COOKIE.encode()).hexdigest()[:32])
        for seed in (1, 2):
            prompt = NewPrompt(*ids, parse_prompt("D", "reel", seed=seed), count=1, version=1)
            await store.prompts.finish((await store.prompts.add(prompt)).id, new_tunes())
        await store.votes.cast(1, ids[0], 1)
        await store.tunes.delete(2)
    return Ledger(2, asked={1: 1, 2: 2}, votes={(1, COOKIE): 1}, deleted={2})


def wrong(tmp_path: Path, ledger: Ledger) -> set[str]:
    figures = compare(tmp_path / "tunesmith.db", ledger)
    return {each.name for each in figures if each.baseline is not None and each.ours > each.baseline}


def test_what_is_as_members_saw_it_is_right(tmp_path: Path, ledger: Ledger) -> None:
    assert wrong(tmp_path, ledger) == set()


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("DELETE FROM tunes WHERE id = 1", "prompts with too few tunes, or too many"),
        ("DELETE FROM prompts WHERE id = 2", "confirmed prompts that are lost"),
        ("UPDATE prompts SET seed = 1", "prompts that are there twice"),
        ("UPDATE prompts SET state = 'queued' WHERE id = 2", "prompts without an end"),
        ("UPDATE prompts SET state = 'failed' WHERE id = 2", "prompts that failed"),
        ("UPDATE votes SET value = -1", "confirmed votes that are lost"),
        ("UPDATE tunes SET up = 2 WHERE id = 1", "tunes whose count of votes is wrong"),
        ("UPDATE tunes SET deleted_at = NULL", "removed tunes that are there"),
    ],
)
def test_what_is_not_is_found(tmp_path: Path, ledger: Ledger, damage: str, found: str) -> None:
    with closing(sqlite3.connect(tmp_path / "tunesmith.db")) as database, database:
        database.execute(damage)
    assert found in wrong(tmp_path, ledger)
