"""Who asks, and where."""

from types import SimpleNamespace
from typing import Any

import pytest

from bot.core.values import Place
from bot.discord.context import is_user_install, place_of


def interaction(guild_id: int | None, known: bool = False, private: bool = False, dm: bool = False) -> Any:
    """One of Ann's, in channel 3; the bot was added to the server if it is `known`."""
    return SimpleNamespace(
        guild_id=guild_id,
        channel_id=3,
        user=SimpleNamespace(id=7, name="ann", global_name=None),
        client=SimpleNamespace(get_guild=lambda _: object() if known else None),
        context=SimpleNamespace(private_channel=private, dm_channel=dm),
    )


def test_a_conversation_outside_servers_counts_as_a_server_of_its_own() -> None:
    assert place_of(interaction(1)) == Place("discord", "1", "7", "ann")
    assert place_of(interaction(None)) == Place("discord", "@3", "7", "ann")


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (interaction(1, known=True), False),
        (interaction(1, known=False), True),
        (interaction(None, private=True), True),
        (interaction(None, private=True, dm=True), False),
    ],
    ids=["server with the bot", "server without the bot", "group", "direct message"],
)
def test_a_user_install_is_where_nobody_added_the_bot(where: Any, expected: bool) -> None:
    assert is_user_install(where) is expected
