"""Votes, and the weight of each tune that training learns from."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Ballot:
    """One member's vote on one tune, +1 or -1, cast at a time in unix seconds."""

    tune: int
    member: int
    value: int
    at: float
    account_since: float | None = None  # when the account was made; None where there are no accounts
    own: bool = False  # the voter composed the tune: it counts for show, not for training


def weights(ballots: Sequence[Ballot]) -> dict[int, float]:
    """The signed weight of each tune that training learns from."""
    found: dict[int, float] = {}
    for ballot in ballots:
        if not ballot.own:
            found[ballot.tune] = found.get(ballot.tune, 0.0) + ballot.value
    return {tune: weight for tune, weight in found.items() if weight}
