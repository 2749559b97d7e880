"""The model on the page: runs /model commands, and publishes the progress of retrainings."""

from typing import Any

from aiohttp import web

from bot.core.errors import NotFound
from bot.core.retraining import Retraining, VersionStats
from bot.core.values import Place
from bot.core.wording import capitalized
from bot.retraining import report, wording
from bot.retraining.model_status import ModelStatus
from bot.web import identity
from bot.web.event_stream import Feed
from bot.web.model_commands import ModelCommand
from bot.web.ports import Library, Retrainer


class ModelPage:
    """Exists only where the page may change the model: see `create_app`."""

    def __init__(self, retrainer: Retrainer, library: Library, feed: Feed) -> None:
        self._retrainer, self._library, self._feed = retrainer, library, feed

    def routes(self) -> list[web.RouteDef]:
        return [web.get(r"/retrainings/{number:\d{1,18}}.png", self.picture)]

    async def run(self, command: ModelCommand, place: Place) -> dict[str, Any]:
        """Run a command; its response: `lines`, or the `retraining` that began."""
        match command.action:
            case "retrain":
                retraining = await self._retrainer.start(place, command.minimum_votes, command.dry_run)
                return {"retraining": retraining_json(retraining)}
            case "cancel":
                cancelled = await self._retrainer.cancel(place)
                return {"lines": [f"Retraining {cancelled.id} is cancelled; nothing has changed."]}
            case "rollback":
                chosen = await self._retrainer.rollback(place, command.version)
                return {"lines": [f"Version {chosen.number} composes from the next tune on."]}
            case "versions":
                return {"lines": [_version_line(stats) for stats in await self._retrainer.versions()]}
        return {"lines": _status_lines(await self._retrainer.status())}

    async def picture(self, request: web.Request) -> web.Response:
        """The loss curve of a retraining that was begun on this page."""
        _, server_id = await self._library.place(identity.place(request))
        found = await self._retrainer.retraining(int(request.match_info["number"]))
        curve = await self._retrainer.curve(found) if found.server_id == server_id else None
        if curve is None:
            raise NotFound("There is no such curve here.")
        return web.Response(body=curve, content_type="image/png")

    async def follow(self) -> None:
        """Publish all updates of retrainings until cancelled."""
        async for retraining in self._retrainer.subscribe():
            self._feed.publish(retraining.server_id, "retraining", retraining_json(retraining), retraining.id)

    async def learning(self) -> dict[str, str]:
        """What the button says: how many votes there are of those that are needed, and a line on what is missing."""
        needs = await self._retrainer.needs()
        short = f"{needs.votes} of {needs.minimum} votes" if needs.votes < needs.minimum else ""
        kinds = f"{needs.liked} liked, {needs.disliked} disliked of {needs.fewest} each"
        return {"missing": capitalized(needs.missing), "short": short or (kinds if needs.missing else "")}

    async def under_way(self, server_id: int) -> dict[str, Any] | None:
        """The retraining of this server that is under way, as JSON."""
        opened = (await self._retrainer.status()).opened
        return retraining_json(opened) if opened and opened.server_id == server_id else None


def retraining_json(retraining: Retraining) -> dict[str, Any]:
    """A retraining and its progress; `points` is how many losses its curve has."""
    options = [("minimum_votes", str(retraining.options.minimum_votes))]
    if retraining.options.dry_run:
        options.append(("dry_run", "yes"))
    tests = report.validated(retraining.report).tests if retraining.report else ()
    return {
        "id": retraining.id,
        "member": retraining.member_id,
        "name": retraining.member_name,
        "at": retraining.created_at.isoformat(),
        "options": options,
        "state": str(retraining.status),
        "final": retraining.status.final,
        "status": f"Retraining {retraining.id}: {wording.line(retraining)}",
        "tests": [("✓ " if test.passed else "✗ ") + test.says for test in tests],
        "points": len(retraining.progress.losses),
    }


def _status_lines(status: ModelStatus) -> list[str]:
    version = status.current
    lines = [
        f"Version {version.number} composes: {wording.origin(version)}.",
        f"There are {status.votes} votes to learn from; a retraining needs {status.minimum}.",
    ]
    lines += [f"Worker {wording.worker(worker)}." for worker in status.workers] or ["There is no worker just now."]
    if status.opened:
        lines.append(f"Retraining {status.opened.id} is under way: {wording.line(status.opened)}.")
    if status.last:
        lines.append(f"The last one, retraining {status.last.id}: {wording.line(status.last)}.")
    return lines


def _version_line(stats: VersionStats) -> str:
    version, retraining = stats.version, stats.retraining
    mark = " (in use)" if stats.current else " (pruned)" if version.pruned_at else ""
    liked = f"{stats.share:.0%} of {stats.up + stats.down} votes up" if stats.share is not None else "no votes"
    who = f"{retraining.member_name}, {wording.learned(retraining)}" if retraining else wording.origin(version)
    facts = [f"{version.created_at:%Y-%m-%d}", who, wording.scores(retraining), liked]
    return f"Version {version.number}{mark}: {'; '.join(fact for fact in facts if fact)}"
