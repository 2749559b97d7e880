"""Buttons and select menus: their custom_ids, rows and counts."""

from dataclasses import replace
from typing import Any

import discord

from bot.core.values import Votes
from bot.discord.messages.button_views import ACTIONS, choice_view, chosen_tune, tune_view, with_votes
from tests.bot.discord.messages.test_tunes import TUNE

FOUR = [replace(TUNE, id=number, title=f"Tune {number}") for number in range(1, 5)]


def message_with(view: discord.ui.View) -> Any:
    """A message as discord.py reads it back, with the components of a view."""
    rows = [discord.components._component_factory(row) for row in view.to_components()]  # type: ignore[arg-type]
    message = discord.Object(1)
    message.components = rows  # type: ignore[attr-defined]
    return message


def custom_ids(view: discord.ui.View) -> list[list[str]]:
    return [[item["custom_id"] for item in row["components"]] for row in view.to_components()]


async def test_a_tune_has_a_button_for_each_action_in_two_rows() -> None:
    first, second = custom_ids(tune_view(TUNE))
    assert [*first, *second] == [f"tune:1:{action}" for action in ACTIONS]
    assert second == ["tune:1:listen", "tune:1:delete"]


async def test_a_choice_among_tunes_has_a_select_menu_above_the_buttons_of_the_chosen_one() -> None:
    assert custom_ids(choice_view(FOUR, None)) == [["pick:1"]]
    menu, *buttons = custom_ids(choice_view(FOUR, 3))
    assert menu == ["pick:1"]
    assert [custom_id for row in buttons for custom_id in row] == [f"tune:3:{action}" for action in ACTIONS]


async def test_new_counts_keep_the_other_components() -> None:
    for view in (tune_view(TUNE), choice_view(FOUR, 1)):
        counted = with_votes(message_with(view), 1, Votes(5, 2))
        assert custom_ids(counted) == custom_ids(view)
        buttons = [item for row in counted.to_components() for item in row["components"]]
        assert [item["label"] for item in buttons if item.get("custom_id") in ("tune:1:up", "tune:1:down")] == [
            "5",
            "2",
        ]


async def test_the_chosen_tune_is_read_from_the_buttons() -> None:
    assert chosen_tune(message_with(choice_view(FOUR, 3))) == 3
    assert chosen_tune(message_with(choice_view(FOUR, None))) is None
