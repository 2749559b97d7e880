"""Lists of tunes: a leaderboard, and a member's own. Their select menu shows one tune, also after a restart."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Self

import discord

from bot.core.values import StoredTune, Votes
from bot.discord import errors
from bot.discord.bounds import LABEL, cut
from bot.discord.context import place_of
from bot.discord.errors import escaped
from bot.discord.messages.content import MessageContent
from bot.discord.messages.tunes import COLOUR, tune_message

LONGEST_TITLE = 80  # characters of a title in a list


class ListSelect(discord.ui.DynamicItem[discord.ui.Select[Any]], template=r"show"):
    """The select menu under a list: shows the chosen tune to the member who chose it."""

    def __init__(self, options: Sequence[discord.SelectOption]) -> None:
        super().__init__(discord.ui.Select(custom_id="show", placeholder="Show one to me", options=list(options)))

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], item: discord.ui.Item[Any], _match: re.Match[str], /
    ) -> Self:
        return cls(getattr(item, "options", ()))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        try:
            await interaction.client.deferrals.defer(interaction, thinking=True, ephemeral=True)
            await show_tune(interaction, int(self.item.values[0]))
        except Exception as error:
            await errors.send_error(interaction, error)


class PageButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"mine:(?P<before>\d{1,18})"):
    """Turns to the page of one's own tunes that are older than tune `before`; 0 is the first page."""

    def __init__(self, before: int) -> None:
        label, emoji = ("Older", "➡️") if before else ("Newest", "⬅️")
        super().__init__(discord.ui.Button(label=label, emoji=emoji, custom_id=f"mine:{before}"))
        self.before = before

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(int(match["before"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        try:
            await interaction.client.deferrals.defer(interaction)
            await interaction.edit_original_response(**(await own_tunes(interaction, self.before)).edit())
        except Exception as error:
            await errors.send_error(interaction, error)


async def show_tune(interaction: discord.Interaction[Any], tune_id: int) -> None:
    """Put a tune into the deferred response; where it was made, with its buttons and a line on similar ones.

    NotFound, RenderError.
    """
    context = interaction.client.context
    place = place_of(interaction)
    tune = await context.library.tune(tune_id, place)
    here = await context.library.made_here(tune, place)
    content = await tune_message(context.library, [tune], interaction.filesize_limit, buttons=here)
    if here and (similar := await context.library.similar(tune)):
        content = replace(content, content=f"{content.content}\n{_similar_line(similar)}".strip())
    await interaction.edit_original_response(**content.edit())


def _similar_line(similar: Sequence[tuple[StoredTune, float]]) -> str:
    """One line on the tunes of this server that are most like a tune, with their similarities from 0 to 1."""
    names = [
        f"{escaped(cut(tune.title, LONGEST_TITLE))} (`/tune id:{tune.id}`, {share:.0%} alike)"
        for tune, share in similar
    ]
    return f"Similar tunes here: {', '.join(names)}"


async def own_tunes(interaction: discord.Interaction[Any], before: int = 0) -> MessageContent:
    """A page of the member's tunes that are older than tune `before` (0: the newest)."""
    tunes, more = await interaction.client.context.library.mine(place_of(interaction), before or None)
    if not tunes:
        return MessageContent("You have no tunes yet: try /compose key:Edor")
    lines = [_line("•", tune, tune.votes) for tune in tunes]
    view = _view(tunes)
    if before:
        view.add_item(PageButton(0))
    if more:
        view.add_item(PageButton(tunes[-1].id))
    return MessageContent("", (_embed("Your tunes", lines),), view=view)


def leaderboard(title: str, leaders: Sequence[tuple[StoredTune, Votes]]) -> MessageContent:
    """A leaderboard, best first; the votes are those of its period."""
    medals = dict(enumerate("🥇🥈🥉", start=1))
    ranked = enumerate(leaders, start=1)
    lines = [_line(medals.get(rank, f"`{rank}.`"), tune, votes) for rank, (tune, votes) in ranked]
    return MessageContent("", (_embed(title, lines),), view=_view([tune for tune, _ in leaders]))


def _line(mark: str, tune: StoredTune, votes: Votes) -> str:
    title = escaped(cut(tune.title, LONGEST_TITLE))
    counts = "".join(f" · {sign} {count}" for sign, count in (("👍", votes.up), ("👎", votes.down)) if count)
    return f"{mark} **{title}** · {tune.prompt.rhythm} in {tune.prompt.key.name}{counts}"


def _embed(title: str, lines: Sequence[str]) -> discord.Embed:
    return discord.Embed(title=title, description="\n".join(lines), colour=COLOUR)


def _view(tunes: Sequence[StoredTune]) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    options = [
        discord.SelectOption(
            label=cut(tune.title, LABEL) or "Untitled",
            value=str(tune.id),
            description=cut(f"Tune {tune.id}: {tune.prompt.rhythm} in {tune.prompt.key.name}", LABEL),
        )
        for tune in tunes
    ]
    return view.add_item(ListSelect(options))


DYNAMIC_ITEMS: tuple[type[discord.ui.DynamicItem[Any]], ...] = (ListSelect, PageButton)
