"""What a trainer learns from: the votes of all members, weighed, as a file of tunes."""

import asyncio
import json
from collections.abc import Collection, Iterable
from pathlib import Path

from bot.core.errors import TrainerError
from bot.core.retraining import Ballot
from bot.store import Store
from bot.store.training_votes import TrainingExample
from model.retraining import vote_weights

MOST_BALLOTS = 100_000  # those on the newest tunes; a trainer needs fewer
_DISCORD_BEGAN = 1_420_070_400.0  # unix seconds, from which its ids count milliseconds


async def write(store: Store, voters: Collection[str], path: Path) -> tuple[int, int]:
    """Write the voted tunes with their weights to `path`; how many votes and tunes these are. TrainerError."""
    found = await store.learning.ballots(voters, MOST_BALLOTS)
    weights = await asyncio.to_thread(_weights, found)  # of a hundred thousand that takes a while
    tunes = sorted(tune for tune, weight in weights.items() if weight)
    written = 0
    try:
        await asyncio.to_thread(path.write_text, "")
        async for page in store.learning.lessons(tunes):
            await asyncio.to_thread(_append, path, page, weights)
            written += len(page)
    except OSError as error:
        raise TrainerError(f"cannot write {path}: {error.strerror}") from error
    return sum(not ballot.own for ballot in found), written


def _append(path: Path, page: Iterable[TrainingExample], weights: dict[int, float]) -> None:
    with path.open("a", encoding="utf-8") as file:
        for lesson in page:
            file.write(json.dumps({**lesson._asdict(), "weight": weights[lesson.id]}) + "\n")


def _weights(found: Iterable[Ballot]) -> dict[int, float]:
    return vote_weights.weights(
        [
            vote_weights.Vote(each.tune, each.member, each.value, each.at.timestamp(), _account_since(each), each.own)
            for each in found
        ]
    )


def _account_since(ballot: Ballot) -> float | None:
    """When the voter's account was made: a Discord id tells; elsewhere there are no accounts."""
    if ballot.platform != "discord" or not ballot.external_id.isdigit():
        return None
    return (int(ballot.external_id) >> 22) / 1000 + _DISCORD_BEGAN
