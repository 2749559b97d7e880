"""Guards a page that is reached from other machines: a password or a proxy's header, and a second one for admins."""

import hashlib
import hmac
import math
from dataclasses import dataclass, field, replace

import jinja2
from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import SecretStr

from bot.core.errors import BadRequest, Busy, NotAllowed
from bot.core.sections import Web
from bot.web import identity
from bot.web.addresses import AddressLimit, Proxies
from bot.web.sessions import COOKIE, LIFETIME, Session, Sessions

_OPEN = ("/health", "/ready", "/login")
_FORWARDED = ("X-Forwarded-For", "Forwarded", "Via")


@dataclass
class Login:
    """The login of a page. `key` signs its cookies; other passwords end all sessions, too."""

    section: Web
    key: bytes
    page: jinja2.Template
    failures: AddressLimit = field(default_factory=lambda: AddressLimit(10, 15 * 60))
    posts: AddressLimit = field(default_factory=lambda: AddressLimit(60, 60))

    def __post_init__(self) -> None:
        secrets = (self.section.password, self.section.admin_password)
        words = "\0".join(secret.get_secret_value() if secret else "" for secret in secrets)
        self._sessions = Sessions(hmac.new(self.key, words.encode(), hashlib.sha256).digest())
        self._proxies = Proxies(self.section.proxies)

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/login", self.show), web.post("/login", self.log_in), web.post("/logout", self.log_out)]

    @web.middleware
    async def guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let nobody in but those who logged in, and let no address post too often."""
        if request.method == "POST":
            self._slow_down(self.posts, request, "too much came from your address")
            self.posts.count(self._proxies.client(request))
        session = self._session(request)
        if session:
            request[identity.MEMBER], request[identity.ADMIN] = session.member, session.admin
        elif request.path == "/" and self.section.password:
            return await self.show(request)
        elif not self._is_open(request):
            raise web.HTTPUnauthorized
        return await handler(request)

    async def show(self, _request: web.Request) -> web.Response:
        return web.Response(text=self.page.render(), content_type="text/html")

    async def log_in(self, request: web.Request) -> web.Response:
        """Check a password, and begin a session or make it an admin's."""
        self._slow_down(self.failures, request, "too many wrong passwords came from your address")
        admin = self._check(await _password(request), request)
        session = self._session(request) or Sessions.begin()
        response = web.json_response({})
        self._set_cookie(request, response, replace(session, admin=admin or session.admin))
        return response

    async def log_out(self, _request: web.Request) -> web.Response:
        response = web.json_response({})
        response.del_cookie(COOKIE, path="/")
        return response

    def _session(self, request: web.Request) -> Session | None:
        """Who sent a request: the user whom a proxy of ours names, or whoever has a cookie of ours."""
        session = self._sessions.verify(request.cookies.get(COOKIE, ""))
        if not self.section.user_header:
            return session
        named = request.headers.getall(self.section.user_header, [])
        if not self._proxies.trusts(request) or len(named) != 1 or not named[0]:
            return None  # of two, one may be the browser's
        name = named[0].encode(errors="surrogateescape")
        member = hmac.new(self.key, name, hashlib.sha256).hexdigest()[:32]
        return Session(member, admin=bool(session and session.member == member and session.admin))

    def _check(self, password: str, request: web.Request) -> bool:
        """Whether a password is the admins'. NotAllowed where it is none of ours."""
        if _same(password, self.section.admin_password):
            return True
        if not _same(password, self.section.password):
            self.failures.count(self._proxies.client(request))
            raise NotAllowed("That is not the password.")
        return False

    def _set_cookie(self, request: web.Request, response: web.Response, session: Session) -> None:
        secure = self._proxies.is_https(request) or self.section.origin.startswith("https:")
        response.set_cookie(
            COOKIE,
            self._sessions.issue(session),
            max_age=LIFETIME,
            httponly=True,
            samesite="Lax",
            secure=secure,
            path="/",
        )

    def _slow_down(self, limit: AddressLimit, request: web.Request, reason: str) -> None:
        if wait := math.ceil(limit.wait(self._proxies.client(request))):
            raise Busy(reason, f"in {wait} seconds")

    def _is_open(self, request: web.Request) -> bool:
        """What is served to everybody, and the metrics to a Prometheus server on this machine."""
        if request.path in _OPEN or request.path.startswith("/static/"):
            return True
        direct = not any(name in request.headers for name in _FORWARDED)
        return request.path == "/metrics" and direct and request.remote in ("127.0.0.1", "::1")


def _same(password: str, secret: SecretStr | None) -> bool:
    """Whether a password is the secret, in a time that does not tell how much of it is right."""
    if secret is None:
        return False
    typed = password.encode(errors="surrogatepass")  # JSON can have half of a character
    return hmac.compare_digest(typed, secret.get_secret_value().encode())


async def _password(request: web.Request) -> str:
    if request.content_type != "application/json":
        raise BadRequest("Post JSON, please.")
    try:
        body = await request.json()
    except (ValueError, RecursionError) as error:
        raise BadRequest("That was no JSON.") from error
    password = body.get("password") if isinstance(body, dict) else None
    if not isinstance(password, str):
        raise BadRequest("Which password?")
    return password
