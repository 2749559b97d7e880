"""The connection to Discord: shards, the command tree, and what is put into them."""

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
from bot.discord.context import Context
from bot.discord.delivery.deferrals import Deferrals
from bot.discord.delivery.delivery import Delivery
from bot.discord.languages.translator import Translator
from bot.discord.messages.button_clicks import Buttons
from bot.discord.messages.button_views import ITEMS

log = logging.getLogger(__name__)

INTENTS = discord.Intents(guilds=True)  # nothing privileged; guilds alone let the library know channels and roles
PERMISSIONS = discord.Permissions(
    view_channel=True, send_messages=True, send_messages_in_threads=True, embed_links=True, attach_files=True
)


class Tree(app_commands.CommandTree["Client"]):
    """Commands that can be installed to a server or to a user, and used everywhere."""

    async def on_error(
        self, interaction: discord.Interaction["Client"], error: app_commands.AppCommandError, /
    ) -> None:
        await errors.tell(interaction, error)


class Client(discord.AutoShardedClient):
    """The bot's application on Discord. `login` puts the commands in place, `connect` listens until it is closed.

    It answers through `delivery`, which outlives it. The hash of the commands that Discord knows is kept in `synced`, a
    file; they are sent when it differs, by the bot that has shard 0. Of all `shards` this bot has those in `shard_ids`,
    or all. `connector` replaces the way to the network, for tests.
    """

    def __init__(
        self,
        parts: Context,
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
        self.parts = parts
        self.delivery = delivery
        self.promises = Deferrals()
        self.buttons = Buttons(parts)
        self.tree = Tree(
            self,
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True),
        )
        self._synced = synced

    async def setup_hook(self) -> None:
        await self.tree.set_translator(Translator())
        for add in commands.ADDS:
            add(self.tree, self.parts)
        self.add_dynamic_items(*ITEMS)
        if 0 in (self.shard_ids or (0,)):  # else another bot sends them
            await self._sync()
        self.delivery.answer_through(self)

    @property
    def invitation(self) -> str:
        """The link that adds the bot to a server, with exactly the permissions that it needs. Known after `login`."""
        scopes = ("bot", "applications.commands")
        return discord.utils.oauth_url(self.application_id or 0, permissions=PERMISSIONS, scopes=scopes)

    @property
    def own_invitation(self) -> str:
        """The link that makes it an app of a user's own, which comes along wherever they are."""
        link = discord.utils.oauth_url(self.application_id or 0, scopes=("applications.commands",))
        return f"{link}&integration_type=1"

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        log.exception("the event %s failed", event_method)

    async def _sync(self) -> None:
        """Send the commands, if they are others than Discord has."""
        digest = f"{self.application_id} {await self._digest()}"
        if self._synced and await asyncio.to_thread(_read, self._synced) == digest:
            return
        await self.tree.sync()
        log.info("the commands are known to Discord")
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
