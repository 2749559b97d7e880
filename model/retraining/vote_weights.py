"""Votes -> how much each tune weighs in training, so that nobody can buy the model's taste.

The rule, in this order:
1. A vote on a tune that the voter had composed counts for show alone, unless the bot has a lone member.
2. A vote counts 1; one by an account younger than NEW_ACCOUNT when it voted counts NEW_COUNTS.
3. Of the votes that a member cast within BURST seconds, all together count as much as BURST_VOTES.
4. No member's votes together count more than SHARE of all votes, or than an equal share where there are few members.
5. A tune weighs what its votes add up to, at most HEAVIEST either way; one that comes out at nothing is left out.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from model.retraining.protocol import Vote

NEW_ACCOUNT = 7 * 86_400.0  # seconds
NEW_COUNTS = 0.25
BURST, BURST_VOTES = 600.0, 20
SHARE = 0.2
HEAVIEST = 3.0
_ROUNDS = 50  # of capping; each brings the shares closer, and what is left after these is far below a vote


def weights(votes: Sequence[Vote], lone: bool = False) -> dict[int, float]:
    """The signed weight of each tune that training learns from, by the rule above; `lone`: there is one member."""
    counted = [vote for vote in votes if lone or not vote.own]
    worth = _within_bursts(counted, [NEW_COUNTS if _is_new(vote) else 1.0 for vote in counted])
    cast: dict[int, float] = defaultdict(float)
    for vote, value in worth:
        cast[vote.member] += value
    caps = _capped(cast)
    totals: dict[int, float] = defaultdict(float)
    for vote, value in worth:
        totals[vote.tune] += vote.value * value * caps[vote.member]
    return {tune: max(-HEAVIEST, min(HEAVIEST, total)) for tune, total in sorted(totals.items()) if abs(total) > 1e-6}


def _is_new(vote: Vote) -> bool:
    return vote.account_since is not None and vote.at - vote.account_since < NEW_ACCOUNT


def _within_bursts(votes: Sequence[Vote], worth: Sequence[float]) -> list[tuple[Vote, float]]:
    """Each vote with what it counts; bursts begin with a member's first vote outside of the one before."""
    by_member: dict[int, list[tuple[Vote, float]]] = defaultdict(list)
    for vote, value in zip(votes, worth, strict=True):
        by_member[vote.member].append((vote, value))
    found = []
    for cast in by_member.values():
        cast.sort(key=lambda pair: (pair[0].at, pair[0].tune))
        burst: list[tuple[Vote, float]] = []
        for pair in [*cast, None]:
            if burst and (pair is None or pair[0].at - burst[0][0].at >= BURST):
                share = min(1.0, BURST_VOTES / len(burst))
                found += [(vote, value * share) for vote, value in burst]
                burst = []
            if pair:
                burst.append(pair)
    return found


def _capped(totals: Mapping[int, float]) -> dict[int, float]:
    """By how much each member's votes are multiplied, so that none has more than its share of what is left of all."""
    share = max(SHARE, 1 / max(1, len(totals)))
    factors = dict.fromkeys(totals, 1.0)
    for _ in range(_ROUNDS):
        left = sum(total * factors[member] for member, total in totals.items())
        over = [m for m, total in totals.items() if total * factors[m] > share * left * (1 + 1e-9)]
        if not over:
            break
        for member in over:
            factors[member] = share * left / totals[member]
    return factors
