"""Recordings of a tune at another tempo, by another instrument, with or without the band; shown to one member alone.

All state is in the custom_ids of the select menus under a recording: the tune, and how it is played there.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Self

import discord

from bot.core.rendering import Playing
from bot.core.values import StoredTune
from bot.discord.errors import escaped
from bot.discord.messages.content import Attachment, MessageContent
from bot.library.library import Library
from model.music.instruments import INSTRUMENTS
from model.music.rhythm import RHYTHMS
from model.prompt import TEMPOS

USUAL = "usual"  # the value of the option that leaves a choice to the dance
_SPEEDS = ((0.6, "very slow"), (0.75, "slow"), (0.9, "a little slower"), (1.1, "a little faster"), (1.25, "fast"))
_TOO_LARGE = "This recording is larger than Discord takes here: choose a faster tempo, or play without the band."


class PlayingSelect(
    discord.ui.DynamicItem[discord.ui.Select[Any]],
    template=r"play:(?P<tune>\d{1,18}):(?P<choice>tempo|instrument|band):(?P<tempo>\d{0,3}):(?P<name>[a-z]*):(?P<band>[01])",
):
    """A select menu that changes one thing about how a tune is played."""

    def __init__(
        self, tune_id: int, choice: str, playing: Playing, options: list[discord.SelectOption], row: int | None = None
    ) -> None:
        state = f"{playing.tempo or ''}:{playing.instrument or ''}:{int(playing.band)}"
        select: discord.ui.Select[Any] = discord.ui.Select(
            custom_id=f"play:{tune_id}:{choice}:{state}", options=options, row=row
        )
        super().__init__(select)
        self.tune_id, self.choice, self.playing = tune_id, choice, playing

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        playing = Playing(int(match["tempo"] or 0) or None, match["name"] or None, match["band"] == "1")
        return cls(int(match["tune"]), match["choice"], playing, getattr(item, "options", []))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        value = self.item.values[0]
        chosen: dict[str, Any] = {
            "tempo": int(value) if value.isdecimal() else None,
            "instrument": value if value in INSTRUMENTS else None,
            "band": value == "yes",
        }
        playing = replace(self.playing, **{self.choice: chosen[self.choice]})
        await interaction.client.buttons.listen(interaction, self.tune_id, playing)


def recording_message(tune: StoredTune, playing: Playing, sound: bytes, limit: int) -> MessageContent:
    """A recording of `tune`, with select menus for another one; without its sound where that exceeds `limit` bytes."""
    view = discord.ui.View(timeout=None)
    menus = {"tempo": _tempos, "instrument": _instruments, "band": _bands}
    for row, (choice, options) in enumerate(menus.items()):
        view.add_item(PlayingSelect(tune.id, choice, playing, list(options(tune, playing)), row))
    if len(sound) > limit:
        return MessageContent(_TOO_LARGE, view=view)
    file = Attachment(Library.file_name(tune, "mp3"), sound)
    return MessageContent(f"**{escaped(tune.title)}**, played anew for you", attachments=(file,), view=view)


def _tempos(tune: StoredTune, playing: Playing) -> Iterator[discord.SelectOption]:
    rhythm = RHYTHMS.get(tune.prompt.rhythm)
    usual = rhythm.tempo if rhythm else 120
    yield discord.SelectOption(label=f"Tempo: {usual} bpm, as usual", value=USUAL, default=playing.tempo is None)
    speeds = {min(max(round(usual * share), TEMPOS[0]), TEMPOS[1]): f", {name}" for share, name in _SPEEDS}
    for tempo in sorted({*speeds, *([playing.tempo] if playing.tempo else [])}):
        label = f"Tempo: {tempo} bpm{speeds.get(tempo, '')}"
        yield discord.SelectOption(label=label, value=str(tempo), default=tempo == playing.tempo)


def _instruments(tune: StoredTune, playing: Playing) -> Iterator[discord.SelectOption]:
    rhythm = RHYTHMS.get(tune.prompt.rhythm)
    usual = rhythm.instrument if rhythm else "fiddle"
    for name in INSTRUMENTS:
        default = name == (playing.instrument or usual)
        yield discord.SelectOption(label=f"Instrument: {name}", value=name, default=default)


def _bands(_tune: StoredTune, playing: Playing) -> Iterator[discord.SelectOption]:
    yield discord.SelectOption(label="With the band", value="yes", default=playing.band)
    yield discord.SelectOption(label="The melody alone", value="no", default=not playing.band)
