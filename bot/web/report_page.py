"""Reports on the page: members report a tune, admins see that, and act on it."""

from collections.abc import Iterator, Sequence
from typing import Any

from aiohttp import web

from bot.core.errors import NotAllowed
from bot.core.values import Place, Record
from bot.web import identity
from bot.web.event_stream import Feed
from bot.web.ports import Library, Reports
from bot.web.report_commands import ReportCommand
from bot.web.serializers import tune_json


class ReportPage:
    """Answers the commands, and publishes what has changed to all open pages."""

    def __init__(self, reports: Reports, library: Library, feed: Feed) -> None:
        self._reports = reports
        self._library = library
        self._feed = feed

    async def answer(self, request: web.Request, command: ReportCommand) -> web.Response:
        """The lines that answer a command. NotAllowed for those of admins, from others."""
        place = identity.place(request)
        if command.name == "report":
            await self._reports.report(place, command.tune_id, command.choice, command.reason)
            return _lines(["Thank you: the admins see it with /reports."])
        if not identity.is_admin(request):
            raise NotAllowed(f"/{command.name} is for the admins: log in with their password")
        if command.name == "reports":
            return _lines(list(_record_lines(await self._reports.recent(place))) or ["Nothing was reported."])
        return _lines([f"{await self._moderate(place, command)}."])

    async def _moderate(self, place: Place, command: ReportCommand) -> str:
        done = await self._reports.moderate(place, command.tune_id, command.choice)
        _, server_id = await self._library.place(place)
        change: dict[str, Any] = {"tune": command.tune_id, "now": None}
        if command.choice == "title":
            change["now"] = tune_json(await self._library.tune_here(command.tune_id, place))
        if command.choice != "allow":
            self._feed.publish(server_id, "moderated", change, ("moderated", command.tune_id))
        return done[:1].upper() + done[1:]


def _record_lines(records: Sequence[Record]) -> Iterator[str]:
    for record in records:
        yield f"{record.created_at:%Y-%m-%d %H:%M} UTC, {record.member_name}: {record.action}: {record.detail}"


def _lines(lines: list[str]) -> web.Response:
    return web.json_response({"lines": lines})
