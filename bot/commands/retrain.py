"""`retrain`: learn from the votes. A running bot uses a version that passes from its next prompt on."""

import argparse
import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

from bot.app.bot import build_retrainer, build_workers
from bot.app.data_directory import make_data_directory
from bot.app.versions import register_versions
from bot.core.config import Config
from bot.core.errors import TrainerError
from bot.core.retraining import Retraining, RetrainingStatus
from bot.core.values import Place
from bot.retraining import wording
from bot.retraining.retrainer import Retrainer
from bot.store import Store
from model.evaluation.progress import Progress
from model.retraining.protocol import Step

_STOPPED = 143  # exit status of programs that SIGTERM ended


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "retrain",
        help="learn from the votes",
        description="Make a candidate from the voted tunes and, if it passes every test, the version in use. It can be"
        " used beside a bot that runs; one retraining is under way at a time. Ctrl-C cancels it.",
    )
    parser.add_argument("--minimum-votes", type=int, help="fewer do not do (default: [retraining] minimum_votes)")
    parser.add_argument("--dry-run", action="store_true", help="test a candidate, and change nothing")
    parser.add_argument("--json", action="store_true", help="print what came of it as one JSON object")
    parser.set_defaults(run=run)


def run(config: Config, options: argparse.Namespace) -> int:
    try:
        done = asyncio.run(_retrain(config, options))
    except asyncio.CancelledError:
        return _STOPPED
    if done.status in (RetrainingStatus.FAILED, RetrainingStatus.CANCELLED):
        raise TrainerError(f"retraining {done.id} {wording.line(done)}")
    print(json.dumps(_described(done), indent=2) if options.json else f"retraining {done.id} {wording.line(done)}")
    return 0


async def _retrain(config: Config, options: argparse.Namespace) -> Retraining:
    task = asyncio.current_task()
    assert task
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    place = Place("cli", "local", os.environ.get("USER") or "local")
    make_data_directory(config.data_dir)
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(await Store.open(config.database))
        cluster = build_workers(config, store) if config.workers.broker else None
        if cluster:
            await stack.enter_async_context(cluster)
        retraining = await stack.enter_async_context(build_retrainer(config, store, cluster))
        await register_versions(store, config)
        updates = retraining.subscribe()
        begun = await retraining.start(place, options.minimum_votes, options.dry_run)
        return await _follow(retraining, place, begun, updates)


async def _follow(
    retraining: Retrainer, place: Place, begun: Retraining, updates: AsyncIterator[Retraining]
) -> Retraining:
    """Print the progress of a retraining until its end; interrupting the command cancels it."""
    printed: tuple[object, ...] = ()
    with Progress() as show:
        try:
            async for update in updates:
                if update.status.final:
                    return update
                if printed != (printed := _mark(update.progress.step)):
                    show(f"retraining {update.id}: {wording.line(update)}")
        except asyncio.CancelledError:
            if retraining.runs_here(begun.id):
                await retraining.cancel(place)
            raise
    raise TrainerError("the retraining stopped without an end")


def _mark(step: Step) -> tuple[object, ...]:
    """What changes with each printed line: the stage, the test, or the tenth that is done."""
    return step.stage, step.test, 10 * step.done // step.of if step.of else 0


def _described(done: Retraining) -> dict[str, Any]:
    return {
        "id": done.id,
        "state": done.status.value,
        "base": done.base,
        "version": done.version,
        "in_use": done.chosen,
        "votes": done.votes,
        "tunes": done.tunes,
        "candidate": done.candidate,
        "sha256": done.sha256,
        "report": done.report,
    }
