"""Over TCP: the bot as a process of its own, on a Discord that fails as the real one does."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.benchmarks.discord.loopback import Loopback, reply
from bot.benchmarks.discord.payloads import BY_ADMIN, GROUP, STRANGE_SERVER
from tests.bot.discord.wire import arrived, bot_on, content, counts, custom_id, loopback, states


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("wire") / "data"


@pytest.fixture(scope="module")
def discord(data: Path) -> Iterator[Loopback]:
    with loopback() as discord, bot_on(discord, data, "--stand-in"):
        yield discord


def test_the_response_is_deferred_and_then_has_the_files(discord: Loopback) -> None:
    token = discord.slash({"key": "Edor", "rhythm": "reel", "temperature": 0.8, "seed": 7})
    message = discord.until(arrived(discord, token))
    assert [a["filename"].rpartition(".")[2] for a in message["attachments"]] == ["png", "mp3", "mid", "abc"]
    picture = message["attachments"][0]["filename"]
    assert message["embeds"][0]["image"]["url"] == f"attachment://{picture}"
    first = next(request for request in discord.requests if request.path.endswith("/callback"))
    assert first.body == {"type": 5}


def test_no_intent_is_privileged(discord: Loopback) -> None:
    assert discord.gateway.identified[0]["intents"] == 1


def test_a_hundred_simultaneous_clicks_are_all_counted(discord: Loopback) -> None:
    token = discord.slash({"key": "D"})
    message_id = discord.until(arrived(discord, token))["id"]
    up = custom_id(discord.messages[message_id], "up")
    clicks: list[str] = []
    threads = [
        threading.Thread(target=lambda n=n: clicks.append(discord.click(message_id, up, 500 + n))) for n in range(100)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    discord.until(lambda: len(discord.acknowledged.keys() & set(clicks)) == 100)
    discord.until(lambda: counts(discord.messages[message_id]) == ["100", "0"])
    discord.click(message_id, up, 500)
    discord.until(lambda: counts(discord.messages[message_id]) == ["99", "0"])


def test_rate_limits_and_bad_gateways_are_retried(discord: Loopback) -> None:
    limited = reply({"message": "You are being rate limited.", "retry_after": 0.3, "global": False}, 429)
    discord.failures += [("@original", limited), ("@original", reply({}, 502))]
    token = discord.slash({"key": "D"})
    discord.until(arrived(discord, token))
    assert not discord.failures


def test_an_interaction_during_a_lost_connection_is_answered_after_resuming(discord: Loopback) -> None:
    resumed, identified = discord.gateway.resumed, len(discord.gateway.identified)
    discord.drop()
    token = discord.slash({"key": "D"})
    discord.until(lambda: discord.gateway.resumed == resumed + 1)
    discord.until(arrived(discord, token))
    assert len(discord.gateway.identified) == identified


def test_on_a_reconnect_request_it_resumes_and_answers(discord: Loopback) -> None:
    resumed = discord.gateway.resumed
    discord.send(7)
    discord.until(lambda: discord.gateway.resumed == resumed + 1)
    discord.until(arrived(discord, discord.slash({"key": "D"})))


def test_on_an_invalid_session_it_identifies_anew_and_answers(discord: Loopback) -> None:
    identified = len(discord.gateway.identified)
    discord.send(9, False)
    discord.until(lambda: len(discord.gateway.identified) == identified + 1)
    discord.until(arrived(discord, discord.slash({"key": "D"})))


def test_fifty_members_at_once_each_get_a_tune(discord: Loopback) -> None:
    tokens = [discord.slash({"key": "D"}, user=1000 + n) for n in range(50)]
    for token in tokens:
        discord.until(arrived(discord, token))
    assert len({discord.responses[token] for token in tokens}) == 50


@pytest.mark.parametrize("where", [STRANGE_SERVER, GROUP], ids=["a server without the bot", "a group of friends"])
def test_a_user_install_composes_everywhere(discord: Loopback, where: dict[str, Any]) -> None:
    message = discord.until(arrived(discord, discord.slash({"key": "D"}, where=where)))
    assert len(message["attachments"]) == 4


def test_a_late_tune_is_in_mine_where_the_bot_cannot_write(discord: Loopback, data: Path) -> None:
    (data / "slow").touch()
    token = discord.slash({"key": "D", "seed": 4242}, user=77, where=STRANGE_SERVER)
    discord.until(lambda: states(data)["rendering"] == 1)
    discord.until(lambda: content(discord, token))
    messages = len(discord.messages)
    discord.expired.add(token)
    (data / "slow").unlink()
    discord.until(lambda: states(data)["rendering"] == 0)
    mine = discord.until(arrived(discord, discord.slash({}, user=77, name="mine", where=STRANGE_SERVER)))
    assert "Seed 4242" in mine["embeds"][0]["description"]
    assert not discord.messages[discord.responses[token]]["embeds"]
    assert len(discord.messages) == messages + 1


def test_the_limits_of_the_settings_hold(tmp_path: Path) -> None:
    limits = {"TUNESMITH_LIMITS__MEMBER_COOLDOWN": "600", "TUNESMITH_LIMITS__SERVER_COOLDOWN": "0"}
    queue = {"TUNESMITH_QUEUE__PER_SERVER": "2", "TUNESMITH_QUEUE__AT_ONCE": "1"}
    with loopback() as discord, bot_on(discord, tmp_path / "data", "--stand-in", **limits, **queue):
        (tmp_path / "data" / "slow").touch()
        for user in (1, 2, 3):
            discord.slash({"key": "D"}, user=user)
            discord.until(lambda user=user: sum(states(tmp_path / "data").values()) == user)  # type: ignore[misc]
        for user, line in ((1, "You asked a moment ago: ask again <t:"), (4, "2 prompts are waiting here, and I can")):
            discord.slash({"key": "D"}, user=user)
            discord.until(lambda line=line: any(m["content"].startswith(line) for m in discord.messages.values()))  # type: ignore[misc]
        (tmp_path / "data" / "slow").unlink()


def test_an_admin_of_one_of_several_servers_may_not_change_the_model(tmp_path: Path) -> None:
    """This process has the first shard alone, and so knows one server."""
    shards = {"TUNESMITH_DISCORD__SHARDS": "2", "TUNESMITH_DISCORD__SHARD_IDS": "[0]"}
    with loopback() as discord, bot_on(discord, tmp_path / "data", "--stand-in", **shards):
        for name in ("model retrain", "model status"):
            token = discord.slash({}, name=name, where=BY_ADMIN)
            discord.until(lambda token=token: "I am on several servers" in content(discord, token))  # type: ignore[misc]
    with loopback() as discord, bot_on(discord, tmp_path / "alone", "--stand-in"):
        token = discord.slash({}, name="model status", where=BY_ADMIN)
        discord.until(arrived(discord, token))
        discord.failures.append(("/users/@me/guilds", reply({"message": "Internal", "code": 0}, 404)))
        token = discord.slash({}, name="model status", where=BY_ADMIN)
        discord.until(lambda: "does not say just now" in content(discord, token))
