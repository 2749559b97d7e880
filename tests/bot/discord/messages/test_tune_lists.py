"""Lists of tunes fit into what Discord takes."""

from dataclasses import replace
from typing import Any

from bot.core.values import Votes
from bot.discord.messages.tune_lists import leaderboard
from tests.bot.discord.messages.test_tunes import TUNE


async def test_a_leaderboard_numbers_its_tunes_and_escapes_their_titles() -> None:
    tunes = [replace(TUNE, id=number) for number in range(1, 6)]
    message = leaderboard("Best reels", [(tune, Votes(6 - tune.id, tune.id % 2)) for tune in tunes])
    (embed,) = message.embeds
    lines = (embed.description or "").splitlines()
    assert lines[0] == r"🥇 **The \*Long\* Lane** · reel in E dorian · 👍 5 · 👎 1"
    assert lines[4] == r"`5.` **The \*Long\* Lane** · reel in E dorian · 👍 1 · 👎 1"
    select: Any = message.view.children[0]  # type: ignore[union-attr]
    assert [option.value for option in select.item.options] == ["1", "2", "3", "4", "5"]


async def test_long_titles_and_empty_ones_can_be_listed() -> None:
    tunes = [replace(TUNE, id=1, title="x" * 300), replace(TUNE, id=2, title="")]
    message = leaderboard("Best", [(tune, Votes(1)) for tune in tunes] * 12)
    assert len(message.embeds[0]) < 6000
    select: Any = message.view.children[0]  # type: ignore[union-attr]
    assert [len(option.label) for option in select.item.options[:2]] == [100, len("Untitled")]
