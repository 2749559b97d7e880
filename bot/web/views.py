"""Views with an address of their own, made by the server: they can be shared, printed, and read without JavaScript."""

import functools
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import jinja2
from aiohttp import web

from bot.core.errors import NotFound, TunesmithError
from bot.core.values import Place
from bot.core.wording import capitalized
from bot.web import identity
from model.errors import InputError

Page = Callable[[web.Request, Place], Awaitable[web.Response]]


class Views:
    """Renders templates, for known members and new ones, and errors as pages with a way on."""

    def __init__(self, templates: jinja2.Environment) -> None:
        self._templates = templates

    def render(self, template: str, status: int = HTTPStatus.OK, **values: Any) -> web.Response:
        """A template as a response."""
        html = self._templates.get_template(template).render(**values)
        return web.Response(text=html, content_type="text/html", status=status)

    def page(self, handle: Page) -> Callable[[web.Request], Awaitable[web.Response]]:
        """A handler for whoever opens a view: who is new gets a cookie, and errors are pages."""

        @functools.wraps(handle)
        async def answer(request: web.Request) -> web.Response:
            cookie = identity.read(request) or identity.create()
            try:
                response = await handle(request, identity.place_of(cookie))
            except NotFound as error:
                response = self.lost(str(error))
            except (TunesmithError, InputError) as error:
                line = capitalized(str(error))
                response = self.render("lost.html", HTTPStatus.BAD_REQUEST, heading="That did not work", line=line)
            if identity.MEMBER not in request:
                identity.set_cookie(response, cookie)
            return response

        return answer

    def lost(self, line: str) -> web.Response:
        """The page for an address that leads nowhere."""
        heading = "There is no such tune here"
        return self.render("lost.html", HTTPStatus.NOT_FOUND, heading=heading, line=f"{capitalized(line)}.")
