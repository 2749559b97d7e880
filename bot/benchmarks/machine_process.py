"""A worker or a bot of the benchmark: `python -m bot.benchmarks.machine_process worker SECONDS`, or `bot`.

Both take their settings from the environment. The worker sleeps SECONDS a tune. The bot takes over the prompts that no
bot has, has them composed through Redis, renders nothing, and prints number and state of each prompt that has ended.
"""

import argparse
import asyncio
from collections.abc import Collection

from bot.app.bot import build_workers
from bot.app.worker import serve
from bot.benchmarks.sleeping_worker import sleeping_worker
from bot.composing.composer import Composer
from bot.composing.failover import Failover
from bot.composing.queue import PromptQueue
from bot.core import config
from bot.core.config import Config
from bot.core.rendering import Playing
from bot.library.library import Library
from bot.render import KINDS
from bot.store import Store
from bot.workers.cluster.client import Cluster


class _NoRenderer:
    async def render(
        self,
        abc: str,
        kinds: Collection[str] = KINDS,
        playing: Playing = Playing(),  # noqa: B008
    ) -> dict[str, bytes]:
        return dict.fromkeys(kinds, b"")

    async def score(self, abc: str, narrow: bool = False, playing: Playing = Playing()) -> dict[str, bytes]:  # noqa: B008
        return dict.fromkeys(("svg", "times"), b"")


async def _bot(settings: Config) -> None:
    renderer, most = _NoRenderer(), settings.queue.at_once
    async with await Store.open(settings.database, settings.store.lease) as store:
        cluster = build_workers(settings, store)
        assert isinstance(cluster, Cluster)
        queue = PromptQueue(10_000, 10_000)
        library = Library(store, renderer)
        composer = Composer(store, library, cluster, renderer, queue, most, 60.0)
        updates = composer.subscribe()
        async with cluster, composer, Failover(store, composer, ["web"], most):
            async for progress in updates:
                if progress.prompt.state.final:
                    print(progress.prompt.id, progress.prompt.state, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("role", choices=("worker", "bot"))
    parser.add_argument("seconds", type=float, nargs="?", default=0.0)
    options = parser.parse_args()
    settings = config.load()
    if options.role == "bot":
        asyncio.run(_bot(settings))
        return
    asyncio.run(serve(settings, sleeping_worker(options.seconds)))


if __name__ == "__main__":
    main()
