"""The library: finds tunes by title, notes, key, dance, day and votes. A form without JavaScript."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from aiohttp import web

from bot.core.completion import ordered_keys, written
from bot.core.errors import BadRequest
from bot.core.search import Order, Search
from bot.core.values import Place
from bot.core.wording import capitalized
from bot.library.notes import read_notes
from bot.web.ports import Library
from bot.web.serializers import tune_json
from bot.web.views import Views
from model.errors import InputError
from model.music.key import Key
from model.music.rhythm import RHYTHMS, named

FIELDS = ("q", "notes", "key", "rhythm", "by", "since", "until", "mine", "favourites")
_LONGEST = 200  # characters of a field


class LibraryPage:
    """Serves /library."""

    def __init__(self, library: Library, views: Views) -> None:
        self._library, self._views = library, views

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/library", self._views.page(self.page))]

    async def page(self, request: web.Request, place: Place) -> web.Response:
        """A page of what was asked for; what cannot be read is said above an empty list."""
        asked = {name: request.query.get(name, "")[:_LONGEST] for name in FIELDS}
        number = _page_number(request.query.get("page", ""))
        problem, tunes, more = "", [], False
        try:
            found, more = await self._library.search(place, parse_search(asked), number)
            tunes = [{**tune_json(tune), "at": tune.created_at} for tune in found]
        except (BadRequest, InputError) as error:
            problem = capitalized(str(error))
        return self._views.render(
            "library.html",
            asked={**asked, "any": any(asked.values())},
            problem=problem,
            tunes=tunes,
            key_names=[(str(key), written(key)) for key in ordered_keys()],
            rhythms=[(name, name) for name in RHYTHMS],
            back=_address(asked, number - 1) if number > 1 else "",
            on=_address(asked, number + 1) if more else "",
        )


def parse_search(asked: Mapping[str, str]) -> Search:
    """What the fields of the form ask for. BadRequest or InputError, one line."""
    key = str(Key.parse(asked["key"])) if asked["key"] else ""
    until = _day(asked["until"])
    return Search(
        title=asked["q"],
        key=key,
        rhythm=named(asked["rhythm"]).name if asked["rhythm"] else "",
        steps=read_notes(asked["notes"], key) if asked["notes"].strip() else (),
        since=_day(asked["since"]),
        until=until + timedelta(days=1) if until else None,
        mine=bool(asked["mine"]),
        favourites=bool(asked["favourites"]),
        order=Order.BEST if asked["by"] == Order.BEST else Order.NEWEST,
    )


def _day(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC) if text else None
    except ValueError as error:
        raise BadRequest(f"{text[:20]} is no day: write it as 2026-11-28") from error


def _page_number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 1


def _address(asked: Mapping[str, str], page: int) -> str:
    return "/library?" + urlencode({**{name: value for name, value in asked.items() if value}, "page": page})
