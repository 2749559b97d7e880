"""/settings: what the admins of a server choose. Each change goes to the audit and to the server's log channel."""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range

from bot.core.errors import BadRequest
from bot.discord import permissions
from bot.discord.bounds import content
from bot.discord.commands import autocomplete
from bot.discord.context import Context, place_of
from bot.discord.messages.content import MessageContent
from bot.discord.messages.settings import audit_lines, change_line, overruled_line, settings_embed
from bot.library.server_settings import COMPOSE_OPTIONS, LONGEST_COOLDOWN, MOST_WAITING
from model.prompt import TEMPOS

RESETS = {
    "Defaults of /compose": COMPOSE_OPTIONS,
    "Limits": ("cooldown", "server_cooldown", "waiting", "member_waiting"),
    "Channels: answer everywhere": ("channels",),
    "Admin roles: none": ("admin_roles",),
    "Log channel: none": ("log_channel",),
}
_ROLE_NOTE = (
    "Discord shows /settings and /model only to those who manage the server: under Server Settings → Integrations"
    " you can show them to this role, too."
)


def add(tree: app_commands.CommandTree[Any], context: Context) -> None:
    """Add the commands of /settings to the tree."""
    group = permissions.admin_group(tree, "settings", "What this server's admins choose")
    _add_overview(group, context)
    _add_defaults(group, context)
    _add_access(group, context)


def _add_overview(group: app_commands.Group, context: Context) -> None:
    @group.command(description="All settings of this server")
    async def show(interaction: discord.Interaction[Any]) -> None:
        await permissions.check_admin(interaction, context)
        settings = await context.settings.of(place_of(interaction))
        await _reply(interaction, "", settings_embed(settings, context.config))

    @group.command(description="What this server's admins did recently")
    async def history(interaction: discord.Interaction[Any]) -> None:
        await permissions.check_admin(interaction, context)
        records = await context.settings.records(place_of(interaction))
        await _reply(interaction, audit_lines(records))

    @group.command(description="Set something back to its default")
    @app_commands.describe(what="What to set back")
    @app_commands.choices(what=[Choice(name=name, value=name) for name in RESETS])
    async def reset(interaction: discord.Interaction[Any], what: Choice[str]) -> None:
        nothing: dict[str, Any] = dict.fromkeys(RESETS[what.value])
        await _change(interaction, context, **nothing)


def _add_defaults(group: app_commands.Group, context: Context) -> None:
    @group.command(description="What /compose takes where a member leaves it out")
    @app_commands.describe(
        rhythm="The dance",
        temperature="0.1 (careful) to 2.0 (wild)",
        form="Order of parts",
        tempo="Beats a minute, of every dance",
        instrument="What plays the tune",
        band="Guitar, bass and bodhrán behind it",
    )
    @app_commands.autocomplete(rhythm=autocomplete.rhythm, form=autocomplete.form)
    @app_commands.choices(instrument=autocomplete.INSTRUMENTS)
    async def defaults(
        interaction: discord.Interaction[Any],
        rhythm: Range[str, 1, 40] | None = None,
        temperature: Range[float, 0.1, 2.0] | None = None,
        form: Range[str, 1, 40] | None = None,
        tempo: Range[int, *TEMPOS] | None = None,
        instrument: str | None = None,
        band: bool | None = None,
    ) -> None:
        given = _given(rhythm=rhythm, temperature=temperature, form=form, tempo=tempo, instrument=instrument, band=band)
        await _change(interaction, context, **given)

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
        await _change(interaction, context, **together, **_given(cooldown=cooldown, member_waiting=member_waiting))


def _add_access(group: app_commands.Group, context: Context) -> None:
    @group.command(description="Channels in which I answer; all of them while none is named")
    @app_commands.describe(channel="The channel, with its threads", allowed="Allow it, or no longer")
    async def channels(
        interaction: discord.Interaction[Any],
        channel: discord.TextChannel | discord.ForumChannel | discord.VoiceChannel,
        allowed: bool = True,
    ) -> None:
        await permissions.check_admin(interaction, context)
        now = (await context.settings.of(place_of(interaction))).channels
        await _change(interaction, context, channels=_toggled(now, channel.id, allowed))

    @group.command(description="Roles whose members are admins here, beside those who manage the server")
    @app_commands.describe(role="The role", admin="Make it an admin role, or no longer")
    async def admins(interaction: discord.Interaction[Any], role: discord.Role, admin: bool = True) -> None:
        await permissions.check_admin(interaction, context)
        if role.is_default():
            raise BadRequest("everybody has that role: choose another")
        now = (await context.settings.of(place_of(interaction))).admin_roles
        await _change(interaction, context, _ROLE_NOTE if admin else "", admin_roles=_toggled(now, role.id, admin))

    @group.command(description="Where I report what admins do")
    @app_commands.describe(channel="A channel in which I may write")
    async def log(interaction: discord.Interaction[Any], channel: discord.TextChannel) -> None:
        await _change(interaction, context, log_channel=str(channel.id))


async def _change(interaction: discord.Interaction[Any], context: Context, note: str = "", **changes: Any) -> None:
    await permissions.check_admin(interaction, context)
    if not changes:
        raise BadRequest("choose at least one option, or /settings reset")
    before = await context.settings.of(place_of(interaction))
    after = await context.settings.change(place_of(interaction), **changes)
    line = change_line(before, after, context.config)
    note = note or overruled_line(changes, context.config)
    await _reply(interaction, f"{line}\n{note}".strip())
    if after != before and not await permissions.post_to_log(interaction, context, line):
        line = "I cannot write in the log channel: allow me to, or choose another."
        await interaction.followup.send(**content(line), ephemeral=True)


async def _reply(interaction: discord.Interaction[Any], line: str = "", *embeds: discord.Embed) -> None:
    await interaction.response.send_message(**MessageContent(line, embeds).send(), ephemeral=True)


def _given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _toggled(ids: tuple[str, ...], one: int, wanted: bool) -> tuple[str, ...]:
    others = tuple(each for each in ids if each != str(one))
    return (*others, str(one)) if wanted else others
