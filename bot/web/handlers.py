"""The handlers of the page: each reads a request, calls one use case, and responds with JSON."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import jinja2
from aiohttp import web

from bot.composing.checks import check
from bot.core.errors import BadRequest, NotFound
from bot.core.rendering import Playing
from bot.core.values import StoredTune
from bot.web import identity, media
from bot.web.bodies import json_body
from bot.web.commands import EXAMPLES, Help, catalogue, commands, parse
from bot.web.event_stream import Feed, encode
from bot.web.found_tunes import FoundTunes
from bot.web.model_commands import ModelCommand
from bot.web.model_page import ModelPage
from bot.web.mydata import MyData, MyDataCommand
from bot.web.option_parser import Command
from bot.web.ports import Composer, Library, Tunebooks
from bot.web.report_commands import ReportCommand
from bot.web.report_page import ReportPage
from bot.web.serializers import history_json, media_version, progress_json, votes_json
from bot.web.tune_commands import TuneCommand
from model.music.instruments import INSTRUMENTS
from model.prompt import TEMPOS, with_playing

SCREENFUL = 20  # prompts of one page of history


class Handlers:
    """All handlers of the page and its routes."""

    def __init__(
        self,
        composer: Composer,
        library: Library,
        feed: Feed,
        page: jinja2.Template,
        model: ModelPage | None = None,
        my_data: MyData | None = None,
        reports: ReportPage | None = None,
        tunebooks: Tunebooks | None = None,
    ) -> None:
        self._composer = composer
        self._library = library
        self._feed = feed
        self._page = page
        self._model = model
        self._my_data = my_data
        self._reports = reports
        self._tunes = FoundTunes(library, tunebooks)

    def routes(self) -> list[web.RouteDef]:
        """All routes, with those of the model where it can be changed here."""
        return [
            web.get("/", self.page),
            web.get("/health", self.health),
            web.get("/completions", self.completions),
            web.get("/events", self.events, allow_head=False),
            web.get("/history", self.history),
            web.get(r"/tunes/{tune:\d{1,18}}.{kind:[a-z0-9]+}", self.media),
            web.get(r"/tunes/{tune:\d{1,18}}/{layout:score|narrow}.svg", self.score),
            web.get(r"/tunes/{tune:\d{1,18}}/times.json", self.times),
            web.post("/messages", self.message),
            web.post(r"/prompts/{prompt:\d{1,18}}/cancel", self.cancel),
            web.post(r"/tunes/{tune:\d{1,18}}/vote", self.vote),
            web.post(r"/tunes/{tune:\d{1,18}}/again", self.again),
            web.post(r"/tunes/{tune:\d{1,18}}/vary", self.vary),
            web.post(r"/tunes/{tune:\d{1,18}}/delete", self.delete),
            *self._tunes.routes(),
            *(self._my_data.routes() if self._my_data else ()),
            *(self._model.routes() if self._model else ()),
        ]

    async def page(self, request: web.Request) -> web.Response:
        cookie = identity.read(request) or identity.create()
        model = bool(self._model_of(request))
        html = self._page.render(
            name=identity.display_name(cookie),
            examples=EXAMPLES,
            model=model,
            tempos=TEMPOS,
            instruments=list(INSTRUMENTS),
        )
        response = web.Response(text=html, content_type="text/html")
        if identity.MEMBER not in request:
            identity.set_cookie(response, cookie)
        return response

    async def health(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def completions(self, request: web.Request) -> web.Response:
        return web.json_response(catalogue(bool(self._model_of(request)), identity.is_admin(request)))

    async def events(self, request: web.Request) -> web.StreamResponse:
        """An event stream that begins with the newest history, so that a page that reconnects has missed nothing."""
        member_id, server_id = await self._library.place(identity.place(request))
        page = self._feed.open_page(
            server_id, member_id
        )  # before the history is read, so that no change is lost in between
        try:
            history = await self._history(server_id, member_id)
            model = self._model_of(request)
            retraining = await model.under_way(server_id) if model else None
            learning = await model.learning() if model else None
            opening = {"member": member_id, "retraining": retraining, "learning": learning, **history}
            first = b"retry: 1000\n" + encode("history", opening)
            return await self._feed.stream(request, page, first)
        finally:
            self._feed.close_page(page)

    async def history(self, request: web.Request) -> web.Response:
        """The screenful before prompt `before`."""
        before = _parse_id(request.query.get("before"), "before")
        member_id, server_id = await self._library.place(identity.place(request))
        return web.json_response(await self._history(server_id, member_id, before))

    async def message(self, request: web.Request) -> web.Response:
        """A command that a member typed."""
        place = identity.place(request)
        body = await json_body(request)
        model = self._model_of(request)
        command = parse(_text(body.get("text")), bool(model))
        if isinstance(command, Help):
            return web.json_response({"help": _help(command, commands(bool(model), identity.is_admin(request)))})
        if isinstance(command, MyDataCommand):
            if self._my_data is None:
                raise NotFound("Nothing is stored here.")
            return await self._my_data.answer(request, command)
        if isinstance(command, ReportCommand):
            if self._reports is None:
                raise NotFound("Nothing is reported here.")
            return await self._reports.answer(request, command)
        if isinstance(command, TuneCommand):
            return web.json_response(await self._tunes.answer(place, command))
        if isinstance(command, ModelCommand):
            assert model, "or it would not have been parsed"
            return web.json_response(await model.run(command, place))
        await check(command.prompt)
        progress = await self._composer.compose(place, command.prompt, command.count)
        return web.json_response(progress_json(progress), status=HTTPStatus.ACCEPTED)

    async def cancel(self, request: web.Request) -> web.Response:
        await self._composer.cancel(int(request.match_info["prompt"]), identity.place(request))
        return web.json_response({})

    async def vote(self, request: web.Request) -> web.Response:
        tune = await self._tune(request)
        value = (await json_body(request)).get("value")
        if type(value) is not int or value not in (1, -1, 0):
            raise BadRequest("A vote is 1, -1 or 0.")
        place = identity.place(request)
        counts = votes_json(await self._library.vote(tune.id, place, value))
        member_id, _ = await self._library.place(place)
        event = {"tune": tune.id, "member": member_id, **counts}
        self._feed.publish(tune.server_id, "votes", event, (tune.id, member_id))
        model = self._model_of(request)
        return web.json_response({**counts, **({"learning": await model.learning()} if model else {})})

    async def again(self, request: web.Request) -> web.Response:
        """Compose a tune with the same options and a new seed."""
        tune = await self._tune(request)
        progress = await self._composer.again(identity.place(request), tune)
        return web.json_response(progress_json(progress), status=HTTPStatus.ACCEPTED)

    async def vary(self, request: web.Request) -> web.Response:
        """Compose a variation; `how` is one of VARIATIONS."""
        tune = await self._tune(request)
        how = (await json_body(request)).get("how")
        if not isinstance(how, str):
            raise BadRequest("How is the tune to be varied?")
        progress = await self._composer.vary(identity.place(request), tune, how)
        return web.json_response(progress_json(progress), status=HTTPStatus.ACCEPTED)

    async def delete(self, request: web.Request) -> web.Response:
        """Delete a tune, as its composer may."""
        await self._library.delete(int(request.match_info["tune"]), identity.place(request))
        return web.json_response({})

    async def media(self, request: web.Request) -> web.Response:
        kind = request.match_info["kind"]
        if kind not in media.FILES:
            raise NotFound(f"A tune comes as {', '.join(media.FILES)}.")
        tune = await self._tune(request)
        body = await self._file(request, tune, kind)
        return await media.respond(request, body, kind, self._library.file_name(tune, kind), media_version(tune))

    async def _file(self, request: web.Request, tune: StoredTune, kind: str) -> bytes:
        """A file of a tune; an MP3 with the tempo, the instrument and the band that the query asks for."""
        chosen = {name: request.query[name] for name in ("tempo", "instrument", "band") if name in request.query}
        if kind != "mp3" or not chosen:
            return (await self._library.files(tune, [kind]))[kind]
        return await self._library.recording(tune, Playing.of(with_playing(tune.prompt, **chosen)))

    async def score(self, request: web.Request) -> web.Response:
        """The notation alone; `narrow` is for phones."""
        tune = await self._tune(request)
        made = await self._library.score(tune, request.match_info["layout"] == "narrow")
        return await media.respond(request, made["svg"], "svg", f"{tune.id}.svg", media_version(tune))

    async def times(self, request: web.Request) -> web.Response:
        """When the notes of the score sound."""
        tune = await self._tune(request)
        made = await self._library.score(tune, "narrow" in request.query)
        return await media.respond(request, made["times"], "json", f"{tune.id}.json", media_version(tune))

    def _model_of(self, request: web.Request) -> ModelPage | None:
        """The model, for whoever may change it."""
        return self._model if identity.is_admin(request) else None

    async def _tune(self, request: web.Request) -> StoredTune:
        """The tune in the path. NotFound for tunes of other servers than the page's."""
        return await self._library.tune_here(int(request.match_info["tune"]), identity.place(request))

    async def _history(self, server_id: int, member_id: int, before: int | None = None) -> dict[str, Any]:
        rows = await self._library.history(server_id, member_id, before, SCREENFUL)
        return {"prompts": history_json(rows, self._feed.unfinished, member_id), "earlier": len(rows) >= SCREENFUL}


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise BadRequest("That message is empty.")
    if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise BadRequest("That message has half a character in it: type it again.")
    return value


def _parse_id(text: str | None, name: str) -> int:
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise BadRequest(f"{name} has to be a whole number.")
    return int(text)


def _help(command: Help, table: Iterable[Command]) -> dict[str, Any]:
    lines = [
        {"name": f"/{each.name}", "summary": each.summary}
        | {"options": [{"name": option.name, "summary": option.summary} for option in each.options]}
        for each in table
    ]
    return {"commands": lines, "examples": list(command.examples)}
