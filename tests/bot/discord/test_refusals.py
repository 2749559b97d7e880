"""Each error code of Discord has an outcome: a tune arrives, or is in /mine, and is not tried for ever."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.benchmarks.discord.loopback import Loopback, reply
from bot.discord.refusals import _CODES, Outcome
from tests.bot.discord.wire import arrived, bot_on, content, kill, loopback, states, undelivered
from tests.command_line import Running

STATUSES = {Outcome.CLOSED: 403, Outcome.GONE: 404, Outcome.EXPIRED: 404, Outcome.TOO_LARGE: 413}
ANEW = (Outcome.CLOSED, Outcome.EXPIRED, Outcome.UNCHANGEABLE, Outcome.ANSWERED)  # shown in a message of its own


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("refusals") / "data"


@pytest.fixture(scope="module")
def discord(data: Path) -> Iterator[Loopback]:
    with loopback() as discord, bot_on(discord, data, "--stand-in"):
        yield discord


@pytest.mark.parametrize("code", sorted(_CODES))
def test_an_answer_that_discord_refuses_with_a_code_arrives_another_way_or_waits_in_mine(
    discord: Loopback, data: Path, code: int
) -> None:
    outcome = _CODES[code]
    (data / "slow").touch()
    token = discord.slash({"key": "D"})
    discord.until(lambda: states(data)["rendering"] == 1)
    discord.until(lambda: content(discord, token).endswith("recording…"))
    status = STATUSES.get(outcome, 400)
    discord.failures.append(("@original", reply({"message": "no", "code": code}, status)))
    before = len(discord.messages)
    (data / "slow").unlink()
    discord.until(lambda: undelivered(data) == 0)
    assert discord.failures == []
    if outcome in ANEW or (outcome is Outcome.GONE and code != 10008):
        newest = list(discord.messages.values())[-1]
        assert newest["embeds"]
        assert "You asked for" in newest["content"]
    elif code == 10008:
        assert len(discord.messages) == before, "somebody deleted it"
    elif outcome is Outcome.MALFORMED:
        assert "it is in /mine" in content(discord, token)
    else:
        assert arrived(discord, token)()


def test_a_thread_that_is_archived_meanwhile_is_opened_by_the_tune(discord: Loopback, data: Path) -> None:
    (data / "slow").touch()
    token = discord.slash({"key": "D"})
    discord.until(lambda: states(data)["rendering"] == 1)
    discord.strict.archived.add("3000")
    (data / "slow").unlink()
    discord.until(lambda: undelivered(data) == 0)
    assert not arrived(discord, token)()
    assert list(discord.messages.values())[-1]["embeds"]
    assert not discord.strict.archived


def test_a_command_in_an_archived_thread_is_no_traceback(discord: Loopback, data: Path) -> None:
    discord.strict.archived.add("3000")
    asked = len(discord.requests)
    discord.slash({"id": 1}, name="tune")
    discord.until(lambda: any(request.path.endswith("/callback") for request in discord.requests[asked:]))
    discord.strict.archived.clear()
    discord.until(arrived(discord, discord.slash({"key": "D"})))


def test_an_old_message_that_was_edited_too_often_is_replaced(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with loopback() as discord:
        with bot_on(discord, data, "--stand-in") as first:
            (data / "slow").touch()
            token = discord.slash({"key": "D"})
            discord.until(lambda: states(data)["rendering"] == 1)
            kill(first)
        message = discord.responses[token]
        discord.strict.old.add(message)
        for _ in range(3):
            discord.strict.of_edit(message)
        (data / "slow").unlink()
        with bot_on(discord, data, "--stand-in") as second:
            discord.until(lambda: undelivered(data) == 0)
            assert no_traceback(second)
        assert list(discord.messages.values())[-1]["embeds"]


def no_traceback(running: Running) -> bool:
    return not any("Traceback" in line for line in running.output)
