"""Lists of tunes: a leaderboard, and a member's own; a choice below them shows one. They work after a restart too."""

import re
from collections.abc import Sequence
from typing import Any, Self

import discord

from bot.core.values import StoredTune, Votes
from bot.discord import errors
from bot.discord.context import place_of
from bot.discord.errors import escaped
from bot.discord.messages.tunes import COLOUR, show

LONGEST_TITLE = 80  # characters of a title in a list


class Show(discord.ui.DynamicItem[discord.ui.Select[Any]], template=r"show"):
    """A choice among tunes; the one that is chosen is shown to whoever chose."""

    def __init__(self, options: Sequence[discord.SelectOption]) -> None:
        super().__init__(discord.ui.Select(custom_id="show", placeholder="Show one to me", options=list(options)))

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], item: discord.ui.Item[Any], _match: re.Match[str], /
    ) -> Self:
        return cls(getattr(item, "options", ()))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        try:
            await interaction.client.promises.make(interaction, thinking=True, ephemeral=True)
            await put(interaction, int(self.item.values[0]))
        except Exception as error:
            await errors.tell(interaction, error)


class Turn(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"mine:(?P<before>\d{1,18})"):
    """To the page of one's own tunes that are older than one; 0 is the first page."""

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
            await interaction.client.promises.make(interaction)
            await interaction.edit_original_response(**await own(interaction, self.before))
        except Exception as error:
            await errors.tell(interaction, error)


async def put(interaction: discord.Interaction[Any], tune_id: int) -> None:
    """Show a tune, with the viewer's buttons, in the answer that was promised. NotFound, RenderError."""
    parts = interaction.client.parts
    tune = await parts.library.tune(tune_id)
    answer = (await show(parts.library, [tune], interaction.filesize_limit)).edit()
    if alike := await parts.library.similar(tune):
        answer["content"] = f"{answer['content']}\n{_similar(alike)}".strip()
    await interaction.edit_original_response(**answer)


def _similar(alike: Sequence[tuple[StoredTune, float]]) -> str:
    """A line on the tunes of this server that are most like the one that is shown."""
    named = [f"{escaped(tune.title[:80])} (`/tune id:{tune.id}`, {share:.0%} alike)" for tune, share in alike]
    return f"Similar tunes here: {', '.join(named)}"


async def own(interaction: discord.Interaction[Any], before: int = 0) -> dict[str, Any]:
    """A page of the tunes of whoever asks, as arguments of an edit."""
    tunes, more = await interaction.client.parts.library.mine(place_of(interaction), before or None)
    if not tunes:
        return {"content": "You have no tunes yet: try /compose key:Edor", "embeds": [], "view": None}
    rows = [_row("•", tune, tune.votes) for tune in tunes]
    view = _choice(tunes)
    if before:
        view.add_item(Turn(0))
    if more:
        view.add_item(Turn(tunes[-1].id))
    return {"content": "", "embeds": [_listed("Your tunes", rows)], "view": view}


def board(title: str, leaders: Sequence[tuple[StoredTune, Votes]]) -> dict[str, Any]:
    """A leaderboard as arguments of an edit; the votes are those that count for it."""
    medals = dict(enumerate("🥇🥈🥉", start=1))
    rows = [_row(medals.get(place, f"`{place}.`"), tune, votes) for place, (tune, votes) in enumerate(leaders, start=1)]
    return {"content": "", "embeds": [_listed(title, rows)], "view": _choice([tune for tune, _ in leaders])}


def _row(mark: str, tune: StoredTune, votes: Votes) -> str:
    title = escaped(tune.title[:LONGEST_TITLE])
    counts = "".join(f" · {sign} {count}" for sign, count in (("👍", votes.up), ("👎", votes.down)) if count)
    return f"{mark} **{title}** · {tune.prompt.rhythm} in {tune.prompt.key.name}{counts}"


def _listed(title: str, rows: Sequence[str]) -> discord.Embed:
    return discord.Embed(title=title[:256], description="\n".join(rows)[:4096], colour=COLOUR)


def _choice(tunes: Sequence[StoredTune]) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    options = [
        discord.SelectOption(
            label=tune.title[:100] or "Untitled",
            value=str(tune.id),
            description=f"Tune {tune.id}: {tune.prompt.rhythm} in {tune.prompt.key.name}"[:100],
        )
        for tune in tunes
    ]
    return view.add_item(Show(options))
