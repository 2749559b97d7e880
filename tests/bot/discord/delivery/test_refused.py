"""A Discord that does not want the bot: one line that says what to do, and exit status 1, with the page or without."""

from pathlib import Path

import pytest

from tests.bot.discord.loopback import TOKEN, Loopback, loopback
from tests.bot.discord.wire import bot_on
from tests.command_line import Running


def ended(running: Running) -> list[str]:
    """What a bot said until it ended with exit status 1."""
    assert running.process.wait(timeout=20) == 1
    running.says("")
    assert not any(TOKEN in line or "Traceback" in line for line in running.said)
    return [line for line in running.said if line and not line.startswith("ready")]


@pytest.mark.parametrize("page", ["true", "false"])
def test_a_bad_token(page: str, tmp_path: Path) -> None:
    settings = {"TUNESMITH_WEB__ENABLED": page}
    with loopback() as discord, bot_on(discord, tmp_path / "data", "--stand-in", token="wrong.x.y", **settings) as bad:
        (line,) = ended(bad)
        assert line.startswith("error: Discord refuses the token: set DISCORD_TOKEN to the one under Bot")
        assert "wrong.x.y" not in line


@pytest.mark.parametrize(("code", "says"), [(4004, "does not take the token any more"), (4014, "grant the intents")])
def test_intents_or_a_token_that_the_gateway_refuses(code: int, says: str, tmp_path: Path) -> None:
    with loopback() as discord:
        discord.gateway.refusals.append(code)
        with bot_on(discord, tmp_path / "data", "--stand-in") as refused:
            there, _, line = ended(refused)
            assert there.startswith("on Discord as")
            assert line.startswith("error: ")
            assert says in line


def test_a_token_that_is_revoked_while_the_bot_runs(tmp_path: Path) -> None:
    with loopback() as discord, bot_on(discord, tmp_path / "data", "--stand-in") as running:
        revoke(discord)
        *_, line = ended(running)
        assert line.startswith("error: Discord does not take the token any more")


def revoke(discord: Loopback) -> None:
    discord.gateway.refusals.append(4004)  # whatever is tried again
    discord.close(4004)
