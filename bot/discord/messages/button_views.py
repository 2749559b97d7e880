"""The buttons under a tune, and the select menu among the tunes of one prompt.

Their state is in the custom_id alone: a tune's id and an action. Views hold only such dynamic items, so that the
library keeps none in memory, and a click on a message of any age reaches `Client.buttons`.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Self

import discord

from bot.core.values import StoredTune, Votes
from bot.discord.bounds import LABEL, cut

_PRIMARY, _PLAIN, _RED = discord.ButtonStyle.primary, discord.ButtonStyle.secondary, discord.ButtonStyle.danger
ACTIONS = {  # action -> label, emoji, style and row of its button, in order
    "up": ("0", "👍", _PLAIN, 0),
    "down": ("0", "👎", _PLAIN, 0),
    "again": ("Again", "🔁", _PRIMARY, 0),
    "vary": ("Vary", "🎲", _PLAIN, 0),
    "abc": ("ABC", "📝", _PLAIN, 0),
    "listen": ("Listen", "🎧", _PLAIN, 1),
    "delete": ("Delete", "🗑️", _RED, 1),
}


class TuneButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=rf"tune:(?P<tune>\d{{1,18}}):(?P<action>{'|'.join(ACTIONS)})",
):
    """One button under a tune."""

    def __init__(self, tune_id: int, action: str, count: int | None = None, first_row: int = 0) -> None:
        label, emoji, style, row = ACTIONS[action]
        if count is not None:
            label = str(count)
        super().__init__(
            discord.ui.Button(
                label=label, emoji=emoji, style=style, custom_id=f"tune:{tune_id}:{action}", row=first_row + row
            )
        )
        self.tune_id, self.action = tune_id, action

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(int(match["tune"]), match["action"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.client.buttons.click(interaction, self.tune_id, self.action)


class PromptSelect(discord.ui.DynamicItem[discord.ui.Select[Any]], template=r"pick:(?P<prompt>\d{1,18})"):
    """The select menu among the tunes of one prompt."""

    def __init__(self, prompt_id: int, options: Sequence[discord.SelectOption]) -> None:
        select: discord.ui.Select[Any] = discord.ui.Select(
            custom_id=f"pick:{prompt_id}",
            placeholder="Choose one for its MIDI, ABC and buttons",
            options=list(options),
            row=0,
        )
        super().__init__(select)
        self.prompt_id = prompt_id

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(int(match["prompt"]), getattr(item, "options", ()))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.client.buttons.select(interaction, self.prompt_id, int(self.item.values[0]))


DYNAMIC_ITEMS: tuple[type[discord.ui.DynamicItem[Any]], ...] = (TuneButton, PromptSelect)


def tune_view(tune: StoredTune) -> discord.ui.View:
    """The buttons of one tune."""
    return _view(_buttons(tune.id, tune.votes, 0))


def choice_view(tunes: Sequence[StoredTune], chosen: int | None) -> discord.ui.View:
    """The select menu among the tunes of one prompt, and the buttons of the chosen one, given by its id."""
    options = [
        discord.SelectOption(label=cut(f"{number}. {tune.title}", LABEL), value=str(tune.id), default=tune.id == chosen)
        for number, tune in enumerate(tunes, 1)
    ]
    one = next((tune for tune in tunes if tune.id == chosen), None)
    return _view([PromptSelect(tunes[0].prompt_id, options), *(_buttons(one.id, one.votes, 1) if one else ())])


def with_votes(message: discord.Message, tune_id: int, votes: Votes) -> discord.ui.View:
    """The components that a message has, with these counts on the vote buttons of a tune."""
    items: list[discord.ui.Item[Any]] = []
    for row in message.components:
        for component in getattr(row, "children", ()):
            if isinstance(component, discord.SelectMenu) and (match := _match(PromptSelect, component.custom_id)):
                items.append(PromptSelect(int(match["prompt"]), component.options))
    items += _buttons(tune_id, votes, len(items))
    return _view(items)


def chosen_tune(message: discord.Message) -> int | None:
    """The id of the tune whose buttons a message has."""
    for row in message.components:
        for component in getattr(row, "children", ()):
            if isinstance(component, discord.Button) and (match := _match(TuneButton, component.custom_id)):
                return int(match["tune"])
    return None


def _match(item: type[discord.ui.DynamicItem[Any]], custom_id: str | None) -> re.Match[str] | None:
    return item.__discord_ui_compiled_template__.fullmatch(custom_id or "")


def _buttons(tune_id: int, votes: Votes, first_row: int) -> list[discord.ui.Item[Any]]:
    counts = {"up": votes.up, "down": votes.down}
    return [TuneButton(tune_id, action, counts.get(action), first_row) for action in ACTIONS]


def _view(items: Iterable[discord.ui.Item[Any]]) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    for item in items:
        view.add_item(item)
    return view
