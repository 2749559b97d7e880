"""The editor: a tune's ABC with its notation beside it, and its versions."""

from http import HTTPStatus
from typing import Any

from aiohttp import web

from bot.core.completion import ordered_keys, written
from bot.core.errors import BadRequest
from bot.core.values import Place
from bot.web import identity
from bot.web.bodies import json_body
from bot.web.ports import Editor, Library
from bot.web.views import Views


class EditPage:
    """Serves /tune/ID/edit, and what it asks for."""

    def __init__(self, editor: Editor, library: Library, views: Views) -> None:
        self._editor, self._library, self._views = editor, library, views

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(r"/tune/{tune:\d{1,18}}/edit", self._views.page(self.page)),
            web.post("/drafts", self.draft),
            web.post(r"/tunes/{tune:\d{1,18}}/versions", self.save),
        ]

    async def page(self, request: web.Request, place: Place) -> web.Response:
        tune = await self._library.tune_here(int(request.match_info["tune"]), place)
        mode = tune.prompt.key.mode
        keys = [(str(key), written(key)) for key in ordered_keys() if key.mode == mode]
        return self._views.render(
            "edit.html", id=tune.id, title=tune.title, abc=tune.abc.strip(), keys=keys, key=str(tune.prompt.key)
        )

    async def draft(self, request: web.Request) -> web.Response:
        """The notation of a text, in a key."""
        body = await json_body(request)
        made = await self._editor.draft(_text(body, "abc"), _text(body, "key"), bool(body.get("narrow")))
        return web.json_response({"svg": made.svg.decode(), "abc": made.abc})

    async def save(self, request: web.Request) -> web.Response:
        """Store a text as a version of a tune."""
        abc = _text(await json_body(request), "abc")
        made = await self._editor.save(int(request.match_info["tune"]), identity.place(request), abc)
        return web.json_response({"tune": made.id}, status=HTTPStatus.CREATED)


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str):
        raise BadRequest(f"{name} has to be text.")
    return value
