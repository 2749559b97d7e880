"""The client: shards, intents, the command tree and the persistent buttons."""

import asyncio
import hashlib
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp
import discord
from discord import app_commands

from bot.discord import commands, errors
from bot.discord.context import PLATFORM, Context
from bot.discord.delivery.deferrals import Deferrals
from bot.discord.delivery.delivery import Delivery
from bot.discord.languages.translator import Translator
from bot.discord.messages import button_views, report_views, tune_lists
from bot.discord.messages.button_clicks import Buttons
from bot.discord.messages.recordings import PlayingSelect
from bot.discord.permissions import REQUIRED
from bot.store.retry import retry_while_unavailable

log = logging.getLogger(__name__)

INTENTS = discord.Intents(guilds=True)  # not privileged; the library needs it for channels and roles


class Tree(app_commands.CommandTree["Client"]):
    """The command tree; its errors are answered by bot.discord.errors."""

    async def on_error(
        self, interaction: discord.Interaction["Client"], error: app_commands.AppCommandError, /
    ) -> None:
        await errors.send_error(interaction, error)


class Client(discord.AutoShardedClient):
    """The bot's application on Discord. `login` registers the commands, `connect` listens until `close`.

    Answers go through `delivery`, which outlives the client. `synced` is a file with the hash of the commands that
    Discord has; they are sent again when the hash differs, by the bot that has shard 0. Of `shards` this bot runs
    `shard_ids`, or all where that is empty. `connector` replaces the network, for tests.
    """

    def __init__(
        self,
        context: Context,
        delivery: Delivery,
        synced: Path | None = None,
        shards: int | None = None,
        shard_ids: Sequence[int] = (),
        connector: aiohttp.BaseConnector | None = None,
    ) -> None:
        super().__init__(
            intents=INTENTS,
            shard_count=shards,
            shard_ids=list(shard_ids) or None,  # type: ignore[arg-type]  # None, which the library takes, is all
            connector=connector,
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
        )
        self.context = context
        self.delivery = delivery
        self.deferrals = Deferrals()
        self.buttons = Buttons(context)
        self.tree = Tree(
            self,
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True),
        )
        self._synced = synced

    async def setup_hook(self) -> None:
        await self.tree.set_translator(Translator())
        for add in commands.ADDS:
            add(self.tree, self.context)
        items = (*button_views.DYNAMIC_ITEMS, *tune_lists.DYNAMIC_ITEMS, *report_views.DYNAMIC_ITEMS, PlayingSelect)
        self.add_dynamic_items(*items)
        if 0 in (self.shard_ids or (0,)):  # else another bot sends the commands
            await self._sync()
        self.delivery.use_client(self)

    @property
    def invitation(self) -> str:
        """The link that adds the bot to a server, with exactly the permissions that it needs. Known after `login`."""
        scopes = ("bot", "applications.commands")
        return discord.utils.oauth_url(self.application_id or 0, permissions=REQUIRED, scopes=scopes)

    @property
    def user_invitation(self) -> str:
        """The link of the user install: the app is then available to its user everywhere. Known after `login`."""
        link = discord.utils.oauth_url(self.application_id or 0, scopes=("applications.commands",))
        return f"{link}&integration_type=1"

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """The bot was removed from a server, or that was deleted; an outage is another event."""
        await retry_while_unavailable(self.context.store.members.set_left, PLATFORM, str(guild.id), True)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        await retry_while_unavailable(self.context.store.members.set_left, PLATFORM, str(guild.id), False)

    async def on_ready(self) -> None:
        """Know again the servers that the bot was added to while it was not running."""
        for server in await retry_while_unavailable(self.context.store.members.left, PLATFORM):
            if self.get_guild(int(server)):
                await retry_while_unavailable(self.context.store.members.set_left, PLATFORM, server, False)

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        log.exception("the event %s failed", event_method)

    async def _sync(self) -> None:
        """Send the commands to Discord where they differ from those that it has."""
        digest = f"{self.application_id} {await self._digest()}"
        if self._synced and await asyncio.to_thread(_read, self._synced) == digest:
            return
        await self.tree.sync()
        log.info("the commands are registered with Discord")
        if self._synced:
            await asyncio.to_thread(self._synced.write_text, digest, "utf-8")

    async def _digest(self) -> str:
        translator = self.tree.translator
        assert translator
        payload = [await command.get_translated_payload(self.tree, translator) for command in self.tree.get_commands()]
        return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
