"""The chat page as an aiohttp application, and its server."""

import asyncio
import errno
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import jinja2
from aiohttp import web

from bot.core.errors import ConfigError
from bot.core.sections import Web
from bot.web import middleware
from bot.web.connections import ConnectionLimits, Connections, watched
from bot.web.edit_page import EditPage
from bot.web.event_stream import DEFAULT_TIMING, Feed, StreamTiming
from bot.web.handlers import Handlers
from bot.web.library_page import LibraryPage
from bot.web.login import Login
from bot.web.model_page import ModelPage
from bot.web.mydata import MyData
from bot.web.ports import Composer, Editor, Library, MemberData, Reports, Retrainer, Tunebooks
from bot.web.report_page import ReportPage
from bot.web.tune_page import TunePage
from bot.web.views import Views

_HERE = Path(__file__).parent
DEFAULT_LIMITS = ConnectionLimits()
LOCAL = Web()  # without a login, for this machine's users alone
_SHUTDOWN_TIMEOUT = 3.0  # seconds for open requests


def create_app(
    composer: Composer,
    library: Library,
    retrainer: Retrainer | None = None,
    timing: StreamTiming = DEFAULT_TIMING,
    member_data: MemberData | None = None,
    reports: Reports | None = None,
    tunebooks: Tunebooks | None = None,
    editor: Editor | None = None,
    section: Web = LOCAL,
    key: bytes = b"",
    limits: ConnectionLimits = DEFAULT_LIMITS,
) -> web.Application:
    """The application; it follows `composer.subscribe()` from start-up to clean-up.

    With a retrainer everybody who can open the page may change the model, and where `section` asks for a login only
    whoever has the admins' password. `key` signs the cookies of a login.
    """
    feed = Feed(timing)
    templates = jinja2.Environment(loader=jinja2.FileSystemLoader(_HERE / "templates"), autoescape=True)
    model = ModelPage(retrainer, library, feed) if retrainer else None
    my_data = MyData(member_data) if member_data else None
    reporting = ReportPage(reports, library, feed) if reports else None
    views = Views(templates)
    pages: list[TunePage | LibraryPage | EditPage] = [
        TunePage(library, views, bool(editor)),
        LibraryPage(library, views),
        *([EditPage(editor, library, views)] if editor else []),
    ]
    handlers = Handlers(
        composer, library, feed, templates.get_template("page.html"), model, my_data, reporting, tunebooks
    )
    guards = [middleware.answer_failures, watched(limits), middleware.own_pages_only(section)]
    login = Login(section, key, templates.get_template("login.html")) if section.guarded else None
    app = web.Application(
        middlewares=[*guards, *((login.guard,) if login else ())], client_max_size=middleware.LARGEST_BODY
    )
    app.add_routes(
        [*handlers.routes(), *(route for page in pages for route in page.routes()), *(login.routes() if login else ())]
    )
    app.router.add_static("/static", _HERE / "static")
    app.on_response_prepare.append(middleware.add_headers)

    async def follow(_app: web.Application) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(feed.follow(composer), name="prompts on the page")]
        if model:
            tasks.append(asyncio.create_task(model.follow(), name="retrainings on the page"))
        yield
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def end_streams(_app: web.Application) -> None:
        feed.close()

    app.cleanup_ctx.append(follow)
    app.on_shutdown.append(end_streams)
    return app


async def serve(app: web.Application, host: str, port: int, limits: ConnectionLimits = DEFAULT_LIMITS) -> web.AppRunner:
    """Serve `app` until `cleanup()` of the returned runner. Raises ConfigError if the address cannot be used."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_TIMEOUT)

    async def watch(_app: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(connections.watch(), name="connections to the page")
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    connections = Connections(lambda: runner.server(), limits)  # type: ignore[misc]  # it is there once set up
    app.cleanup_ctx.append(watch)
    await runner.setup()
    try:
        await _Site(runner, connections, host, port).start()
    except OSError as error:
        await runner.cleanup()
        raise ConfigError(_bind_error(error, host, port)) from error
    return runner


class _Site(web.BaseSite):
    """Listens at an address; its connections are counted and watched."""

    def __init__(self, runner: web.AppRunner, connections: Connections, host: str, port: int) -> None:
        super().__init__(runner)
        self._connections, self._address = connections, (host, port)

    @property
    def name(self) -> str:
        return "http://{}:{}".format(*self._address)

    async def start(self) -> None:
        await super().start()
        self._server = await asyncio.get_running_loop().create_server(self._connections, *self._address)


def _bind_error(error: OSError, host: str, port: int) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"port {port} is in use: stop the program that has it, or set TUNESMITH_WEB__PORT to another"
        case errno.EACCES:
            return f"port {port} is not open to this user: set TUNESMITH_WEB__PORT to one above 1023"
    return f"cannot serve the page on {host}:{port}: {error.strerror or error}"
