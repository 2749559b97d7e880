"""/mydata on the page: members see, take and erase what is stored about them."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from bot.core.errors import BadRequest
from bot.web import identity, sessions
from bot.web.option_parser import Command, Option, Value
from bot.web.ports import MemberData

FILE = "/mydata.zip"
_TUNES = (
    Value("keep", "as nobody's; those with an opening of yours are removed in any case"),
    Value("remove", "for good"),
)
COMMANDS = (
    Command("mydata show", "What is stored about you"),
    Command("mydata export", "All that is stored about you, as a ZIP of JSON and ABC"),
    Command(
        "mydata forget",
        "Erase what is stored about you, for good",
        (Option("tunes", "what becomes of your tunes: keep or remove", _TUNES, required=True, closed=True),),
    ),
)


@dataclass(frozen=True)
class MyDataCommand:
    """One of the actions `show`, `export` and `forget`; `keep_tunes` is for the last."""

    action: str
    keep_tunes: bool = True


def parse_action(action: str, options: Mapping[str, str]) -> MyDataCommand:
    """The command of an action and its options as typed. BadRequest, one line."""
    if action == "forget" and options.get("tunes") not in ("keep", "remove"):
        raise BadRequest("What is to become of your tunes? /mydata forget tunes:keep, or tunes:remove")
    return MyDataCommand(action, options.get("tunes") != "remove")


class MyData:
    """Answers the commands, and serves the file."""

    def __init__(self, data: MemberData) -> None:
        self._data = data

    def routes(self) -> list[web.RouteDef]:
        return [web.get(FILE, self.file)]

    async def answer(self, request: web.Request, command: MyDataCommand) -> web.Response:
        """The answer to a command: lines, and where the file is. Who is forgotten gets a new cookie."""
        member = await self._data.member(identity.place(request))
        match command.action:
            case "export":
                return web.json_response({"lines": ["All that is stored about you comes as a file."], "file": FILE})
            case "forget":
                lines = (await self._data.forget(member, command.keep_tunes)).lines()
                response = web.json_response({"lines": [*lines, "Reload this page to begin anew."]})
                if identity.MEMBER in request:
                    response.del_cookie(sessions.COOKIE, path="/")
                else:
                    identity.set_cookie(response, identity.create())
                return response
        return web.json_response({"lines": await self._data.show(member)})

    async def file(self, request: web.Request) -> web.Response:
        """Everything about the member who asks, as a ZIP."""
        packed = await self._data.export(await self._data.member(identity.place(request)))
        headers = {"Content-Disposition": 'attachment; filename="tunesmith-data.zip"', "Cache-Control": "no-store"}
        return web.Response(body=packed, content_type="application/zip", headers=headers)
