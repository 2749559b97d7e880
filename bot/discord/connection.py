"""The connection to Discord while the bot runs: logs in, listens, and reconnects after a network outage."""

import asyncio
import logging
from collections.abc import Callable

import aiohttp
import discord

from bot.core.errors import DiscordError
from bot.discord.client import Client
from bot.discord.context import Context
from bot.discord.delivery.delivery import Delivery
from bot.discord.refusals import UNREACHABLE

log = logging.getLogger(__name__)

RECONNECT_PAUSES = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0)  # seconds before each attempt; the last one repeats
CLOSE_TIMEOUT = 5.0  # seconds
_UNREACHABLE = (*UNREACHABLE, discord.GatewayNotFound)
_PORTAL = "https://discord.com/developers/applications"
_SET_TOKEN = f"set DISCORD_TOKEN to the one under Bot at {_PORTAL}, or leave it out for the chat page alone"
_REFUSED = {  # close codes of the gateway after which reconnecting is useless
    4004: f"Discord does not take the token any more: {_SET_TOKEN}",
    4011: "Discord asks for more shards: set [discord] shards higher, or leave it out",
    4013: "Discord does not know the intents of this release: install a newer one",
    4014: f"Discord does not grant the intents: see Bot, Privileged Gateway Intents, at {_PORTAL}",
}

Connector = Callable[[], aiohttp.BaseConnector | None]  # makes a client's transport; None is the usual one


class Connection:
    """The Discord front end as a whole. It subscribes to prompts on construction; `start` connects, `close` ends it.

    `announce` is called with a line for the terminal after each login, and with the links that add the bot.
    """

    def __init__(
        self,
        context: Context,
        connector: Connector = lambda: None,
        announce: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.delivery = Delivery(context)
        self.client: Client | None = None
        self._context, self._connector, self._announce = context, connector, announce
        self._task: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        """Whether the gateway connection is up."""
        return self.client is not None and self.client.is_ready() and not self.client.is_closed()

    def start(self) -> None:
        """Connect, and keep trying for as long as the network is down."""
        for name in ("discord.client", "discord.shard"):
            logging.getLogger(name).addFilter(shorten_tracebacks)
        self.delivery.start()
        self._task = asyncio.create_task(self._stay_connected(), name="Discord")

    async def wait_closed(self) -> None:
        """Wait until `close`. Raises DiscordError, one line that says why Discord cannot be used."""
        assert self._task, "start it first"
        await asyncio.shield(self._task)  # a caller that is cancelled has not closed the connection

    async def close(self) -> None:
        """Let answers under way arrive, notify members who wait, and disconnect."""
        try:
            await self.delivery.stop()
            if self.client:
                async with asyncio.timeout(CLOSE_TIMEOUT):
                    await self.client.close()
        except TimeoutError:
            log.warning("the connection to Discord did not close within %g s", CLOSE_TIMEOUT)
        finally:
            if self._task:
                self._task.cancel()
                await asyncio.gather(self._task, return_exceptions=True)

    async def _stay_connected(self) -> None:
        failures = 0
        while True:
            self.client = self._new_client()
            try:
                await self._listen(self.client)
                failures = 0
            except _UNREACHABLE as error:
                log.warning("Discord cannot be reached (%s)", error or type(error).__name__)
            except DiscordError:
                raise
            except Exception:  # a fault of this front end must not end the chat page
                log.exception("the connection to Discord broke")
            finally:
                await self.client.close()
            await asyncio.sleep(RECONNECT_PAUSES[min(failures, len(RECONNECT_PAUSES) - 1)])
            failures += 1

    async def _listen(self, client: Client) -> None:
        try:
            await client.login(_token(self._context))
            self._announce(f"on Discord as {client.user}; to add it to a server: {client.invitation}")
            self._announce(f"to have it everywhere, as an app of your own: {client.user_invitation}")
            await client.connect()
        except discord.LoginFailure:
            raise DiscordError(f"Discord refuses the token: {_SET_TOKEN}") from None
        except discord.PrivilegedIntentsRequired:
            raise DiscordError(_REFUSED[4014]) from None
        except discord.ConnectionClosed as error:
            reason = f"Discord ended the connection for good (code {error.code})"
            raise DiscordError(_REFUSED.get(error.code, reason)) from None
        except discord.DiscordServerError:
            raise
        except discord.HTTPException as error:
            raise DiscordError(f"Discord refuses the bot: {error}") from error

    def _new_client(self) -> Client:
        config = self._context.config
        return Client(
            self._context,
            self.delivery,
            synced=config.data_dir / "discord-commands",
            shards=config.discord.shards,
            shard_ids=config.discord.shard_ids,
            connector=self._connector(),
        )


def shorten_tracebacks(record: logging.LogRecord) -> bool:
    """Log filter: discord.py logs a network outage with a traceback; its reason is put into the line instead.

    Drops the warning that voice channels are not supported.
    """
    if "voice will NOT be supported" in record.msg:
        return False
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, (*_UNREACHABLE, discord.ConnectionClosed)):
        record.msg, record.args = f"{record.getMessage()} ({str(error) or type(error).__name__})", ()
        record.exc_info = record.exc_text = None
    return True


def _token(context: Context) -> str:
    """The token. DiscordError, which does not show it, where it cannot be one."""
    secret = context.config.discord_token
    token = secret.get_secret_value().strip() if secret else ""
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise DiscordError(f"DISCORD_TOKEN is no token: {_SET_TOKEN}")
    return token
