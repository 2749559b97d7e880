"""Compares what members of a soak have seen confirmed with what the database has in the end."""

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bot.benchmarks.measurement import Measurement, at_most
from bot.benchmarks.soak_members import Ledger
from bot.core.values import State


def compare(database: Path, ledger: Ledger) -> Iterator[Measurement]:
    """Figures of which all with a limit have to be 0. `database` is an SQLite snapshot."""
    with closing(sqlite3.connect(database)) as connection:
        yield from _prompts(connection, ledger)
        yield from _votes(connection, ledger)
        gone = {number for (number,) in connection.execute("SELECT id FROM tunes WHERE deleted_at IS NOT NULL")}
        yield Measurement("tunes that were removed", len(ledger.deleted), "tunes")
        yield at_most("removed tunes that are there", len(ledger.deleted - gone), 0, "tunes")


def _prompts(connection: sqlite3.Connection, ledger: Ledger) -> Iterator[Measurement]:
    query = "SELECT id, seed, state, count, (SELECT count(*) FROM tunes WHERE prompt_id = prompts.id) FROM prompts"
    rows = connection.execute(query).fetchall()
    seeds = Counter(seed for _, seed, *_ in rows)
    ids = {number: seed for number, seed, *_ in rows}
    states = Counter(state for _, _, state, *_ in rows)
    ended = states[State.DONE.value] + states[State.FAILED.value] + states[State.CANCELLED.value]
    uneven = [number for number, _, state, count, tunes in rows if state == State.DONE.value and tunes != count]
    unsure = sum(seeds[seed] for seed in ledger.unsure_seeds)
    yield Measurement("prompts that the bot confirmed", len(ledger.asked), "prompts")
    yield Measurement("prompts without an answer, of which it has", len(ledger.unsure_seeds), "prompts")
    yield Measurement("… stored", unsure, "prompts")
    yield at_most(
        "confirmed prompts that are lost", sum(ids.get(n) != s for s, n in ledger.asked.items()), 0, "prompts"
    )
    yield at_most("prompts that are there twice", sum(count > 1 for count in seeds.values()), 0, "prompts")
    yield at_most("prompts without an end", len(rows) - ended, 0, "prompts")
    yield at_most("prompts that failed", states[State.FAILED.value], 0, "prompts")
    yield at_most("prompts with too few tunes, or too many", len(uneven), 0, "prompts")


def _votes(connection: sqlite3.Connection, ledger: Ledger) -> Iterator[Measurement]:
    query = "SELECT tune_id, external_id, value FROM votes JOIN members ON members.id = votes.member_id"
    there = {(tune, member): value for tune, member, value in connection.execute(query)}
    sure = {key: value for key, value in ledger.votes.items() if key not in ledger.unsure_votes}
    lost = sum(there.get((tune, _hashed(member))) != value for (tune, member), value in sure.items())
    up = "(SELECT count(*) FROM votes WHERE tune_id = tunes.id AND value = 1)"
    counted = f"SELECT count(*) FROM tunes WHERE up != {up}"
    yield Measurement("votes that the bot confirmed", len(sure), "votes")
    yield at_most("confirmed votes that are lost", lost, 0, "votes")
    yield at_most("tunes whose count of votes is wrong", connection.execute(counted).fetchone()[0], 0, "tunes")


def _hashed(cookie: str) -> str:
    """The id of a member of the page in the database."""
    return hashlib.sha256(cookie.encode()).hexdigest()[:32]
