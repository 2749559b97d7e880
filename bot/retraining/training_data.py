"""What a trainer learns from: a file of voted tunes with the weights of their votes."""

import asyncio
from collections.abc import Collection, Iterable
from pathlib import Path

from bot.core.errors import TrainerError
from bot.store import Store
from model.retraining import vote_weights
from model.retraining.protocol import TrainingExample

MOST_VOTES = 100_000  # those on the newest tunes; a trainer needs fewer


async def write(store: Store, voters: Collection[str], path: Path, lone: bool = False) -> tuple[int, int]:
    """Write the voted tunes with their weights to `path`; the number of votes and of tunes. TrainerError.

    With `lone` votes on own tunes count where one member alone has voted.
    """
    own = lone and await store.training_votes.alone(voters)
    votes = await store.training_votes.load(voters, MOST_VOTES)
    weights = await asyncio.to_thread(vote_weights.weights, votes, own)  # of a hundred thousand that takes a while
    written = 0
    try:
        await asyncio.to_thread(path.write_text, "")
        async for page in store.training_votes.examples(weights):
            await asyncio.to_thread(_append, path, page)
            written += len(page)
    except OSError as error:
        raise TrainerError(f"cannot write {path}: {error.strerror}") from error
    return sum(own or not vote.own for vote in votes), written


def _append(path: Path, examples: Iterable[TrainingExample]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.writelines(example.to_line() for example in examples)
