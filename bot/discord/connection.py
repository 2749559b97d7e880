"""Staying connected to Discord while the bot runs: log in, listen, begin again when the network was away."""

import asyncio
import logging
from collections.abc import Callable

import aiohttp
import discord

from bot.core.errors import DiscordError
from bot.discord.client import Client
from bot.discord.context import Context
from bot.discord.delivery.delivery import Delivery
from bot.discord.errors import UNREACHABLE

log = logging.getLogger(__name__)

PAUSES = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0)  # seconds before Discord is asked again; the last one repeats
GOODBYE = 5.0  # seconds that closing the connection may take
_UNREACHABLE = (*UNREACHABLE, discord.GatewayNotFound)
_PORTAL = "https://discord.com/developers/applications"
_SET_TOKEN = f"set DISCORD_TOKEN to the one under Bot at {_PORTAL}, or leave it out for the chat page alone"
_REFUSED = {  # close codes of the gateway that no second try gets past
    4004: f"Discord does not take the token any more: {_SET_TOKEN}",
    4011: "Discord asks for more shards: set [discord] shards higher, or leave it out",
    4013: "Discord does not know the intents of this release: install a newer one",
    4014: f"Discord does not grant the intents: see Bot, Privileged Gateway Intents, at {_PORTAL}",
}

Connector = Callable[[], aiohttp.BaseConnector | None]  # makes the way to Discord; None is the usual one


class Connection:
    """The front end as a whole. It notes what is composed from when it is made; `start` connects, `close` ends it.

    `ended` waits until `close`, or raises DiscordError, one line that says why Discord cannot be used.
    `say` is told when the bot is there, with the links that add it.
    """

    def __init__(
        self,
        parts: Context,
        connector: Connector = lambda: None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.delivery = Delivery(parts)
        self.client: Client | None = None
        self._parts, self._connector, self._say = parts, connector, say
        self._task: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        """Whether Discord tells the bot of everything just now."""
        return self.client is not None and self.client.is_ready() and not self.client.is_closed()

    def start(self) -> None:
        """Connect, however long the network takes to be there."""
        for name in ("discord.client", "discord.shard"):
            logging.getLogger(name).addFilter(one_line)
        self.delivery.listen()
        self._task = asyncio.create_task(self._stay(), name="Discord")

    async def ended(self) -> None:
        assert self._task, "start it first"
        await asyncio.shield(self._task)  # whoever stops waiting has not closed it: there are goodbyes to say

    async def close(self) -> None:
        """Let answers under way arrive, tell those who wait, and leave."""
        try:
            await self.delivery.stop()
            if self.client:
                async with asyncio.timeout(GOODBYE):
                    await self.client.close()
        except TimeoutError:
            log.warning("the connection to Discord did not close within %g s", GOODBYE)
        finally:
            if self._task:
                self._task.cancel()
                await asyncio.gather(self._task, return_exceptions=True)

    async def _stay(self) -> None:
        tries = 0
        while True:
            self.client = self._new()
            try:
                await self._listen(self.client)
                tries = 0
            except _UNREACHABLE as error:
                log.warning("Discord cannot be reached (%s)", error or type(error).__name__)
            except DiscordError:
                raise
            except Exception:  # a fault of this front end is no reason to take the page along
                log.exception("the connection to Discord broke")
            finally:
                await self.client.close()
            await asyncio.sleep(PAUSES[min(tries, len(PAUSES) - 1)])
            tries += 1

    async def _listen(self, client: Client) -> None:
        try:
            await client.login(_token(self._parts))
            self._say(f"on Discord as {client.user}; to add it to a server: {client.invitation}")
            self._say(f"to have it everywhere, as an app of your own: {client.own_invitation}")
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

    def _new(self) -> Client:
        config = self._parts.config
        synced, shards = config.data_dir / "discord-commands", (config.discord.shards, config.discord.shard_ids)
        return Client(self._parts, self.delivery, synced, *shards, self._connector())


def one_line(record: logging.LogRecord) -> bool:
    """What the library logs with a traceback, each time the network is away, says its reason in the line instead.

    That it cannot speak in voice channels is no news.
    """
    if "voice will NOT be supported" in record.msg:
        return False
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, (*_UNREACHABLE, discord.ConnectionClosed)):
        record.msg, record.args = f"{record.getMessage()} ({str(error) or type(error).__name__})", ()
        record.exc_info = record.exc_text = None
    return True


def _token(parts: Context) -> str:
    """The token. DiscordError, which does not show it, where it cannot be one."""
    secret = parts.config.discord_token
    token = secret.get_secret_value().strip() if secret else ""
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise DiscordError(f"DISCORD_TOKEN is no token: {_SET_TOKEN}")
    return token
