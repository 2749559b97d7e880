"""What admins look at: the version in use, retrainings, workers, and the votes on each version's tunes."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from bot.core.retraining import Retraining, VersionStats
from bot.core.values import Version
from bot.store import Store
from bot.workers.health import Health

MOST_COUNTED = 10_000  # votes


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


async def load(store: Store, voters: Collection[str], minimum_votes: int, workers: Collection[Health]) -> ModelStatus:
    """As the database has it; votes of the platforms `voters` are counted no further than MOST_COUNTED."""
    versions = {version.number: version for version in await store.versions.load_all()}
    return ModelStatus(
        current=versions[await store.versions.current() or 1],
        opened=await store.retrainings.unfinished(),
        last=next((each for each in await store.retrainings.latest(2) if each.status.final), None),
        votes=await store.training_votes.count(voters, MOST_COUNTED),
        minimum=minimum_votes,
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
