"""The page of one tune: notation, player, facts, relations, votes and files."""

from aiohttp import web

from bot.core.errors import NotFound
from bot.core.values import Place
from bot.web import media
from bot.web.ports import Library
from bot.web.serializers import tune_json
from bot.web.views import Views
from model.music.instruments import INSTRUMENTS
from model.music.rhythm import RHYTHMS
from model.prompt import EDITED

_MOST_DIGITS = 18


class TunePage:
    """Serves /tune/ID."""

    def __init__(self, library: Library, views: Views, editable: bool = False) -> None:
        self._library, self._views, self._editable = library, views, editable

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/tune/{tune}", self._views.page(self.page))]

    async def page(self, request: web.Request, place: Place) -> web.Response:
        """One tune, as the member of `place` may see it. NotFound."""
        typed = request.match_info["tune"]
        if not (typed.isascii() and typed.isdigit()) or len(typed) > _MOST_DIGITS:
            raise NotFound(f"“{typed[:20]}” is no number of a tune")
        tune = await self._library.tune(int(typed), place)
        relations = await self._library.relations(tune, place)
        member_id, _ = await self._library.place(place)
        return self._views.render(
            "tune.html",
            tune=tune_json(tune),
            abc=tune.abc.strip(),
            kinds=media.FILES,
            by=tune.member_name,
            at=tune.created_at,
            instruments=list(INSTRUMENTS),
            instrument=RHYTHMS[tune.prompt.rhythm].instrument if tune.prompt.rhythm in RHYTHMS else "",
            editable=self._editable,
            edited=tune.prompt.vary == EDITED,
            own=tune.member_id == member_id,
            varies=relations.varies,
            varied_by=relations.varied_by,
            similar=relations.similar,
        )
