"""Buttons and the choice among tunes, as they look. A click on one, years old or not, goes to the client's `buttons`.

All state is in the custom_id: the tune's id and what is done to it. Views hold such items alone, so the library keeps
none of them in memory.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Self

import discord

from bot.core.values import StoredTune, Votes

_PRIMARY, _PLAIN, _RED = discord.ButtonStyle.primary, discord.ButtonStyle.secondary, discord.ButtonStyle.danger
ACTIONS = {  # what is done -> label, emoji, style and row, in order
    "up": ("0", "👍", _PLAIN, 0),
    "down": ("0", "👎", _PLAIN, 0),
    "again": ("Again", "🔁", _PRIMARY, 0),
    "vary": ("Vary", "🎲", _PLAIN, 0),
    "abc": ("ABC", "📝", _PLAIN, 0),
    "delete": ("Delete", "🗑️", _RED, 1),
}


class TuneButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=rf"tune:(?P<tune>\d{{1,18}}):(?P<action>{'|'.join(ACTIONS)})",
):
    """One button under a tune."""

    def __init__(self, tune_id: int, action: str, count: int | None = None, below: int = 0) -> None:
        label, emoji, style, row = ACTIONS[action]
        if count is not None:
            label = str(count)
        custom_id = f"tune:{tune_id}:{action}"
        super().__init__(discord.ui.Button(label=label, emoji=emoji, style=style, custom_id=custom_id, row=row + below))
        self.tune_id, self.action = tune_id, action

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(int(match["tune"]), match["action"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.client.buttons.press(interaction, self.tune_id, self.action)


class Picker(discord.ui.DynamicItem[discord.ui.Select[Any]], template=r"pick:(?P<prompt>\d{1,18})"):
    """The choice among the tunes of one prompt."""

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
        await interaction.client.buttons.pick(interaction, self.prompt_id, int(self.item.values[0]))


ITEMS: tuple[type[discord.ui.DynamicItem[Any]], ...] = (TuneButton, Picker)


def tune_view(tune: StoredTune) -> discord.ui.View:
    """The buttons of one tune."""
    return _view(_buttons(tune.id, tune.votes, 0))


def choice_view(tunes: Sequence[StoredTune], chosen: int | None) -> discord.ui.View:
    """The choice among tunes of one prompt, and the buttons of the chosen one."""
    options = [
        discord.SelectOption(label=f"{number}. {tune.title}"[:100], value=str(tune.id), default=tune.id == chosen)
        for number, tune in enumerate(tunes, 1)
    ]
    one = next((tune for tune in tunes if tune.id == chosen), None)
    return _view([Picker(tunes[0].prompt_id, options), *(_buttons(one.id, one.votes, 1) if one else ())])


def recounted(message: discord.Message, tune_id: int, votes: Votes) -> discord.ui.View:
    """The components of a message as they are, with a tune's votes as they now are."""
    items: list[discord.ui.Item[Any]] = []
    for row in message.components:
        for component in getattr(row, "children", ()):
            if isinstance(component, discord.SelectMenu) and (pick := _match(Picker, component.custom_id)):
                items.append(Picker(int(pick["prompt"]), component.options))
    items += _buttons(tune_id, votes, len(items))
    return _view(items)


def chosen_in(message: discord.Message) -> int | None:
    """The id of the tune whose buttons a message has."""
    for row in message.components:
        for component in getattr(row, "children", ()):
            if isinstance(component, discord.Button) and (press := _match(TuneButton, component.custom_id)):
                return int(press["tune"])
    return None


def _match(item: type[discord.ui.DynamicItem[Any]], custom_id: str | None) -> re.Match[str] | None:
    return item.__discord_ui_compiled_template__.fullmatch(custom_id or "")


def _buttons(tune_id: int, votes: Votes, below: int) -> list[discord.ui.Item[Any]]:
    counts = {"up": votes.up, "down": votes.down}
    return [TuneButton(tune_id, action, counts.get(action), below) for action in ACTIONS]


def _view(items: Iterable[discord.ui.Item[Any]]) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    for item in items:
        view.add_item(item)
    return view
