"""/settings: what the admins of a server choose for it. Each change is in the audit, and told in the log channel."""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range

from bot.core.errors import BadRequest
from bot.discord import permissions
from bot.discord.commands import autocomplete
from bot.discord.context import Context, place_of
from bot.discord.messages import settings as settings_shown
from bot.library.server_settings import LONGEST_COOLDOWN, MOST_WAITING

RESETS = {
    "Defaults of /compose": ("rhythm", "temperature", "form"),
    "Limits": ("cooldown", "server_cooldown", "waiting", "member_waiting"),
    "Channels: answer everywhere": ("channels",),
    "Admin roles: none": ("admin_roles",),
    "Log channel: none": ("log_channel",),
}
_SEEN = (
    "Discord shows /settings and /model only to those who manage the server: under Server Settings → Integrations"
    " you can show them to this role, too."
)


def add(tree: app_commands.CommandTree[Any], parts: Context) -> None:
    """Put /settings and what belongs to it into the tree."""
    group = permissions.admins_group(tree, "settings", "What this server's admins choose")
    _add_reading(group, parts)
    _add_defaults(group, parts)
    _add_rights(group, parts)


def _add_reading(group: app_commands.Group, parts: Context) -> None:
    @group.command(description="All settings of this server")
    async def show(interaction: discord.Interaction[Any]) -> None:
        await permissions.only_admins(interaction, parts)
        settings = await parts.settings.of(place_of(interaction))
        await _say(interaction, embed=settings_shown.table(settings, parts.config))

    @group.command(description="What this server's admins did recently")
    async def history(interaction: discord.Interaction[Any]) -> None:
        await permissions.only_admins(interaction, parts)
        records = await parts.settings.records(place_of(interaction))
        await _say(interaction, settings_shown.history(records))

    @group.command(description="Set something back to its default")
    @app_commands.describe(what="What to set back")
    @app_commands.choices(what=[Choice(name=name, value=name) for name in RESETS])
    async def reset(interaction: discord.Interaction[Any], what: Choice[str]) -> None:
        nothing: dict[str, Any] = dict.fromkeys(RESETS[what.value])
        await _change(interaction, parts, **nothing)


def _add_defaults(group: app_commands.Group, parts: Context) -> None:
    @group.command(description="What /compose takes where a member leaves it out")
    @app_commands.describe(rhythm="The dance", temperature="0.1 (careful) to 2.0 (wild)", form="Order of parts")
    @app_commands.autocomplete(rhythm=autocomplete.rhythm, form=autocomplete.form)
    async def defaults(
        interaction: discord.Interaction[Any],
        rhythm: Range[str, 1, 40] | None = None,
        temperature: Range[float, 0.1, 2.0] | None = None,
        form: Range[str, 1, 40] | None = None,
    ) -> None:
        await _change(interaction, parts, **_given(rhythm=rhythm, temperature=temperature, form=form))

    @group.command(name="limits", description="How much may be asked for here")
    @app_commands.describe(
        cooldown="Seconds between two tunes of one member",
        server_cooldown="Seconds between two tunes of this server",
        waiting="Prompts of this server that may wait at once",
        member_waiting="Prompts of one member that may wait at once",
    )
    async def change_limits(
        interaction: discord.Interaction[Any],
        cooldown: Range[int, 0, LONGEST_COOLDOWN] | None = None,
        server_cooldown: Range[int, 0, LONGEST_COOLDOWN] | None = None,
        waiting: Range[int, 1, MOST_WAITING] | None = None,
        member_waiting: Range[int, 1, MOST_WAITING] | None = None,
    ) -> None:
        together = _given(server_cooldown=server_cooldown, waiting=waiting)
        await _change(interaction, parts, **together, **_given(cooldown=cooldown, member_waiting=member_waiting))


def _add_rights(group: app_commands.Group, parts: Context) -> None:
    @group.command(description="Channels in which I answer; all of them while none is named")
    @app_commands.describe(channel="The channel, with its threads", allowed="Allow it, or no longer")
    async def channels(
        interaction: discord.Interaction[Any],
        channel: discord.TextChannel | discord.ForumChannel | discord.VoiceChannel,
        allowed: bool = True,
    ) -> None:
        await permissions.only_admins(interaction, parts)
        now = (await parts.settings.of(place_of(interaction))).channels
        await _change(interaction, parts, channels=_toggled(now, channel.id, allowed))

    @group.command(description="Roles whose members are admins here, beside those who manage the server")
    @app_commands.describe(role="The role", admin="Make it an admin role, or no longer")
    async def admins(interaction: discord.Interaction[Any], role: discord.Role, admin: bool = True) -> None:
        await permissions.only_admins(interaction, parts)
        if role.is_default():
            raise BadRequest("everybody has that role: choose another")
        now = (await parts.settings.of(place_of(interaction))).admin_roles
        await _change(interaction, parts, _SEEN if admin else "", admin_roles=_toggled(now, role.id, admin))

    @group.command(description="Where I report what admins do")
    @app_commands.describe(channel="A channel in which I may write")
    async def log(interaction: discord.Interaction[Any], channel: discord.TextChannel) -> None:
        await _change(interaction, parts, log_channel=str(channel.id))


async def _change(interaction: discord.Interaction[Any], parts: Context, note: str = "", **changes: Any) -> None:
    await permissions.only_admins(interaction, parts)
    if not changes:
        raise BadRequest("choose at least one option, or /settings reset")
    before = await parts.settings.of(place_of(interaction))
    after = await parts.settings.change(place_of(interaction), **changes)
    line = settings_shown.changed(before, after, parts.config)
    note = note or settings_shown.outdone(changes, parts.config)
    await _say(interaction, f"{line}\n{note}".strip())
    if after != before and not await permissions.tell_log(interaction, parts, line):
        await interaction.followup.send(
            "I cannot write in the log channel: allow me to, or choose another.", ephemeral=True
        )


async def _say(interaction: discord.Interaction[Any], line: str = "", **more: Any) -> None:
    await interaction.response.send_message(line, ephemeral=True, **more)


def _given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _toggled(ids: tuple[str, ...], one: int, wanted: bool) -> tuple[str, ...]:
    others = tuple(each for each in ids if each != str(one))
    return (*others, str(one)) if wanted else others
