"""The connection: how many shards, how outages are logged, and a Discord that refuses the bot for good."""

import logging
from pathlib import Path

import aiohttp
import discord
import pytest

from bot.benchmarks.discord.loopback import TOKEN
from bot.discord.connection import Connection, shorten_tracebacks
from tests.bot.discord.simulated_server import simulated_server
from tests.bot.discord.wire import bot_on, loopback
from tests.command_line import Running


async def test_there_are_as_many_shards_as_the_settings_say(tmp_path: Path) -> None:
    async with simulated_server(tmp_path, config={"discord": {"shards": 3}}) as server:
        client = Connection(server.context)._new_client()
        assert isinstance(client, discord.AutoShardedClient)
        assert client.shard_count == 3


def record(error: Exception, message: str = "attempting a reconnect in %.2fs") -> logging.LogRecord:
    exc_info = (type(error), error, None)
    return logging.LogRecord("discord.client", logging.ERROR, "client.py", 1, message, (1.5,), exc_info)


def test_an_outage_is_logged_as_one_line_without_a_traceback() -> None:
    outage, fault = record(aiohttp.ClientConnectionError("no route")), record(ZeroDivisionError())
    assert shorten_tracebacks(outage)
    assert outage.getMessage() == "attempting a reconnect in 1.50s (no route)"
    assert outage.exc_info is None
    assert shorten_tracebacks(fault)
    assert fault.exc_info
    voice = record(ZeroDivisionError(), "PyNaCl is not installed, voice will NOT be supported")
    assert not shorten_tracebacks(voice)


# ---- refused for good: one line that says what to do, and exit status 1, whether the chat page is served or not


def last_lines(running: Running) -> list[str]:
    """The output of a bot until it exits with status 1."""
    assert running.process.wait(timeout=120) == 1
    running.says("")
    assert not any(TOKEN in line or "Traceback" in line for line in running.output)
    return [line for line in running.output if line and not line.startswith("ready")]


@pytest.mark.parametrize("page", ["true", "false"])
def test_a_wrong_token(page: str, tmp_path: Path) -> None:
    settings = {"TUNESMITH_WEB__ENABLED": page}
    with loopback() as discord, bot_on(discord, tmp_path / "data", "--stand-in", token="wrong.x.y", **settings) as bad:
        (line,) = last_lines(bad)
        assert line.startswith("error: Discord refuses the token: set DISCORD_TOKEN to the one under Bot")
        assert "wrong.x.y" not in line


@pytest.mark.parametrize(("code", "reason"), [(4004, "does not take the token any more"), (4014, "grant the intents")])
def test_a_token_or_intents_that_the_gateway_refuses(code: int, reason: str, tmp_path: Path) -> None:
    with loopback() as discord:
        discord.gateway.refusals.append(code)
        with bot_on(discord, tmp_path / "data", "--stand-in") as refused:
            login, _, line = last_lines(refused)
            assert login.startswith("on Discord as")
            assert line.startswith("error: ")
            assert reason in line


def test_a_token_that_is_revoked_while_the_bot_runs(tmp_path: Path) -> None:
    with loopback() as discord, bot_on(discord, tmp_path / "data", "--stand-in") as running:
        discord.gateway.refusals.append(4004)  # also of reconnects
        discord.close(4004)
        *_, line = last_lines(running)
        assert line.startswith("error: Discord does not take the token any more")
