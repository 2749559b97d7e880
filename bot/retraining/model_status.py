"""What admins look at: the version in use, retrainings, workers, and the votes on each version's tunes."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from bot.core.retraining import Retraining, VersionStats
from bot.core.values import Version
from bot.core.wording import counted
from bot.store import Store
from bot.workers.health import Health

MOST_COUNTED = 10_000  # votes
MOST_BY_KIND = 2_000  # the newest votes, by which liked and disliked tunes are counted


@dataclass(frozen=True)
class Needs:
    """The votes and the liked and disliked tunes to learn from, and how many a retraining needs.

    `own` says whether votes on one's own tunes count.
    """

    votes: int
    minimum: int
    liked: int = 0
    disliked: int = 0
    fewest: int = 0  # of each kind
    own: bool = False

    @property
    def missing(self) -> str:
        """A line on what is missing; empty if nothing is."""
        if self.votes < self.minimum:
            there = "is one vote" if self.votes == 1 else f"are {self.votes} votes"
            rule = "" if self.own else "; votes on one's own tunes do not count"
            return f"there {there} to learn from, and a retraining needs at least {self.minimum}{rule}"
        if min(self.liked, self.disliked) < self.fewest:
            there = f"{counted(self.liked, 'liked tune')} and {self.disliked} disliked"
            return f"there are {there} to learn from, and a retraining needs at least {self.fewest} of each"
        return ""


@dataclass(frozen=True)
class ModelStatus:
    """The version in use, the retraining under way, the last one that ended, and the votes there are to learn from.

    `minimum` is how many votes a retraining needs. `workers` are those that compose or train, the latest sign of life
    first, each with the versions that it has.
    """

    current: Version
    opened: Retraining | None
    last: Retraining | None
    votes: int
    minimum: int
    workers: tuple[Health, ...] = ()


async def load_needs(store: Store, voters: Collection[str], minimum: int, fewest: int, lone: bool) -> Needs:
    """What the platforms `voters` voted. Votes are counted no further than MOST_COUNTED."""
    own = lone and await store.training_votes.alone(voters)
    votes = await store.training_votes.count(voters, max(minimum, MOST_COUNTED), own)
    liked, disliked = await store.training_votes.tunes_by_kind(voters, MOST_BY_KIND, own) if fewest else (0, 0)
    return Needs(votes=votes, minimum=minimum, liked=liked, disliked=disliked, fewest=fewest, own=own)


async def load(store: Store, needs: Needs, workers: Collection[Health]) -> ModelStatus:
    """As the database has it."""
    versions = {version.number: version for version in await store.versions.load_all()}
    return ModelStatus(
        current=versions[await store.versions.current() or 1],
        opened=await store.retrainings.unfinished(),
        last=next((each for each in await store.retrainings.latest(2) if each.status.final), None),
        votes=needs.votes,
        minimum=needs.minimum,
        workers=tuple(_with_versions(health, versions.values()) for health in workers),
    )


async def load_versions(store: Store) -> list[VersionStats]:
    """Every version, the newest first."""
    counts, current = await store.versions.counts(), await store.versions.current() or 1
    stats = []
    for version in reversed(await store.versions.load_all()):
        retraining = await store.retrainings.load(version.retraining_id) if version.retraining_id else None
        up, down = counts.get(version.number, (0, 0))
        stats.append(VersionStats(version, up, down, version.number == current, retraining))
    return stats


def _with_versions(health: Health, versions: Collection[Version]) -> Health:
    return replace(health, versions=tuple(version.number for version in versions if version.sha256 in health.held))
