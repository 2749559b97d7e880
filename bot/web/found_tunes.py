"""Answers the commands that find tunes, and serves tunebooks."""

from typing import Any

from aiohttp import web

from bot.core.errors import NotFound
from bot.core.search import Search
from bot.core.values import Place
from bot.library.tunebook import Tunebook
from bot.web import identity
from bot.web.ports import Library, Tunebooks
from bot.web.serializers import tune_json
from bot.web.tune_commands import PERIODS, TuneCommand


class FoundTunes:
    """Answers the commands, and serves the book."""

    def __init__(self, library: Library, tunebooks: Tunebooks | None = None) -> None:
        self._library, self._tunebooks = library, tunebooks

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/tunebook.{kind:pdf|abc}", self.book)] if self._tunebooks else []

    async def answer(self, place: Place, command: TuneCommand) -> dict[str, Any]:
        """`card`, one tune, or `tunes`, with a `line` above them and `more`, where the others are."""
        match command.name:
            case "tune":
                return {"card": tune_json(await self._library.tune(command.tune_id, place))}
            case "top":
                leaders = await self._library.top(place, command.period, command.rhythm)
                line = f"The best tunes {PERIODS[command.period]}:" if leaders else "Nobody has voted on a tune yet."
                return {"line": line, "tunes": [tune_json(each.tune) for each in leaders], "more": "/library?by=best"}
            case "mine":
                tunes, _ = await self._library.search(place, Search(mine=True))
                line = "Your newest tunes:" if tunes else "You have not had a tune composed yet."
                return {"line": line, "tunes": [tune_json(each) for each in tunes[:10]], "more": "/library?mine=1"}
        tunes, _ = await self._library.search(place, Search(favourites=True))
        if not tunes:
            return {"lines": ["Your tunebook is empty: vote 👍 on the tunes that you like, and they will be in it."]}
        files = ["/tunebook.pdf", "/tunebook.abc"] if self._tunebooks else []
        line, shown = "Your favourites:", [tune_json(each) for each in tunes[:10]]
        return {"line": line, "tunes": shown, "more": "/library?favourites=1", "files": files}

    async def book(self, request: web.Request) -> web.Response:
        """The member's favourites as one file."""
        if self._tunebooks is None:
            raise NotFound("There are no tunebooks here.")
        book: Tunebook = await self._tunebooks.of_member(identity.place(request))
        kind = request.match_info["kind"]
        headers = {
            "Content-Disposition": f'attachment; filename="{book.name}.{kind}"',
            "Cache-Control": "no-store",
        }
        body, media_type = (book.pdf, "application/pdf") if kind == "pdf" else (book.abc, "text/vnd.abc")
        return web.Response(body=body, content_type=media_type, headers=headers)
