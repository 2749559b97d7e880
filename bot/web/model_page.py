"""The model on the page: answers to /model, and retrainings as they get on. For this machine's owner alone."""

from typing import Any

from aiohttp import web

from bot.core.errors import NotFound
from bot.core.retraining import Retraining, VersionStats
from bot.core.values import Place
from bot.retraining import report, wording
from bot.retraining.retrainer import Status
from bot.web import identity
from bot.web.event_stream import Feed
from bot.web.model_commands import Model
from bot.web.ports import Library, Retrainer


class ModelPage:
    """What the page shows and does of the model."""

    def __init__(self, retrainer: Retrainer, library: Library, feed: Feed) -> None:
        self._retrainer, self._library, self._feed = retrainer, library, feed

    def routes(self) -> list[web.RouteDef]:
        return [web.get(r"/retrainings/{number:\d{1,18}}.png", self.picture)]

    async def answer(self, asked: Model, place: Place) -> dict[str, Any]:
        """What a command on the model is answered with: lines, or a retraining that began."""
        match asked.action:
            case "retrain":
                begun = await self._retrainer.start(place, asked.minimum_votes, asked.dry_run)
                return {"retraining": retraining_json(begun)}
            case "cancel":
                cancelled = await self._retrainer.cancel(place)
                return {"said": [f"Retraining {cancelled.id} is cancelled; nothing has changed."]}
            case "rollback":
                chosen = await self._retrainer.rollback(place, asked.version)
                return {"said": [f"Version {chosen.number} composes from the next tune on."]}
            case "versions":
                return {"said": [_version(standing) for standing in await self._retrainer.versions()]}
        return {"said": _status(await self._retrainer.status())}

    async def picture(self, request: web.Request) -> web.Response:
        """The loss curve of a retraining that was begun on this page."""
        _, server_id = await self._library.place(identity.place(request))
        found = await self._retrainer.retraining(int(request.match_info["number"]))
        curve = await self._retrainer.curve(found) if found.server_id == server_id else None
        if curve is None:
            raise NotFound("There is no such curve here.")
        return web.Response(body=curve, content_type="image/png")

    async def follow(self) -> None:
        """Tell the pages of every change, until cancelled."""
        async for news in self._retrainer.subscribe():
            self._feed.tell(news.server_id, "retraining", retraining_json(news), news.id)

    async def under_way(self, server_id: int) -> dict[str, Any] | None:
        """The retraining that a page that opens has to show."""
        opened = (await self._retrainer.status()).opened
        return retraining_json(opened) if opened and opened.server_id == server_id else None


def retraining_json(found: Retraining) -> dict[str, Any]:
    """Where a retraining is, as the page shows it; `points` of its curve can be drawn."""
    options = [("minimum_votes", str(found.options.minimum_votes))]
    if found.options.dry_run:
        options.append(("dry_run", "yes"))
    tests = report.validated(found.report).tests if found.report else ()
    return {
        "id": found.id,
        "member": found.member_id,
        "name": found.member_name,
        "at": found.created_at.isoformat(),
        "options": options,
        "state": str(found.status),
        "final": found.status.final,
        "status": f"Retraining {found.id}: {wording.line(found)}",
        "tests": [("✓ " if test.passed else "✗ ") + test.says for test in tests],
        "points": len(found.progress.losses),
    }


def _status(found: Status) -> list[str]:
    version = found.current
    lines = [
        f"Version {version.number} composes: {wording.origin(version)}.",
        f"There are {found.votes} votes to learn from; a retraining needs {found.minimum}.",
    ]
    lines += [f"Worker {wording.worker(worker)}." for worker in found.workers] or ["There is no worker just now."]
    if found.opened:
        lines.append(f"Retraining {found.opened.id} is under way: {wording.line(found.opened)}.")
    if found.last:
        lines.append(f"The last one, retraining {found.last.id}: {wording.line(found.last)}.")
    return lines


def _version(standing: VersionStats) -> str:
    version, made = standing.version, standing.retraining
    mark = " (in use)" if standing.current else " (pruned)" if version.pruned_at else ""
    liked = (
        f"{standing.share:.0%} of {standing.up + standing.down} votes up" if standing.share is not None else "no votes"
    )
    who = f"{made.member_name}, {wording.learned(made)}" if made else wording.origin(version)
    facts = [f"{version.created_at:%Y-%m-%d}", who, wording.scores(made), liked]
    return f"Version {version.number}{mark}: {'; '.join(fact for fact in facts if fact)}"
