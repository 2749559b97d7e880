"""However the bot ends, every tune arrives once. Worker, renderer and database are the real ones."""

import signal
import time
from pathlib import Path

from bot.benchmarks.discord.loopback import TOKEN, Loopback
from bot.benchmarks.discord.payloads import STRANGE_SERVER
from tests.bot.discord.wire import arrived, bot_on, content, counts, custom_id, kill, loopback, states
from tests.command_line import Running

LEAN = {"TUNESMITH_QUEUE__AT_ONCE": "2", "TUNESMITH_RENDER__PROCESSES": "1", "TUNESMITH_WORKER__THREADS": "1"}
HEADS = {"png": b"\x89PNG", "mp3": b"\xff", "mid": b"MThd", "abc": b"X:"}


def test_killed_while_it_renders_composes_and_queues_each_tune_arrives_once(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with loopback() as discord:
        with bot_on(discord, data, "--verbose", **LEAN) as running:
            old = whole_tune(discord, discord.slash({"key": "G", "rhythm": "jig", "form": "AB:4"}))
            check_buttons(discord, old)
            tokens = prompts_in_each_state(discord, running, data)
            kill(running)
        synced = [request for request in discord.requests if request.path.endswith("/commands")]
        messages = set(discord.messages)
        with bot_on(discord, data, "--verbose", **LEAN) as running:
            for token in tokens:
                whole_tune(discord, token)
            discord.click(old["id"], custom_id(old, "down"))
            discord.until(lambda: counts(discord.messages[old["id"]]) == ["0", "1"])
            assert running.stop(signal.SIGTERM) == 0
            running.says("")
        assert not any(TOKEN in line or "Traceback" in line for line in running.output)
        assert set(discord.messages) == messages
        assert states(data) == {"done": 7}
        assert synced == [request for request in discord.requests if request.path.endswith("/commands")]


def test_on_sigterm_it_finishes_what_is_in_work_and_notifies_who_waits(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with loopback() as discord:
        with bot_on(discord, data, "--stand-in", TUNESMITH_QUEUE__AT_ONCE="1") as running:
            (data / "slow").touch()
            tokens = [discord.slash({"key": "D"}, user=100 + n) for n in range(4)]
            discord.until(lambda: states(data) == {"rendering": 1, "queued": 3})
            user_install = discord.slash({"key": "D"}, user=200, where=STRANGE_SERVER)
            discord.until(lambda: states(data)["queued"] == 4)
            began = time.monotonic()
            running.process.send_signal(signal.SIGTERM)
            (data / "slow").unlink()
            assert running.process.wait(timeout=120) == 0
            assert time.monotonic() - began < 20
            running.says("")
            assert not any("Traceback" in line for line in running.output)
        waiting = [token for token in tokens if not arrived(discord, token)()]
        assert len(waiting) == 3
        assert all("The bot is being restarted" in content(discord, token) for token in waiting)
        assert content(discord, user_install) == "The bot is being restarted; your tune will be in /mine."
        messages = set(discord.messages)
        with bot_on(discord, data, "--stand-in"):
            for token in waiting:
                discord.until(arrived(discord, token))
            discord.until(lambda: states(data) == {"done": 5})
        assert set(discord.messages) == messages


def whole_tune(discord: Loopback, token: str) -> dict[str, str]:
    """The message that responds to an interaction, once it shows a tune with files of all kinds."""
    message: dict[str, str] = discord.until(arrived(discord, token))
    names = [attachment["filename"] for attachment in message["attachments"]]  # type: ignore[index]
    assert [name.rpartition(".")[2] for name in names] == list(HEADS)
    for name, head in zip(names, HEADS.values(), strict=True):
        assert discord.uploads[name].startswith(head)
    return message


def check_buttons(discord: Loopback, message: dict[str, str]) -> None:
    """Click each button under a tune and see its effect."""
    abc = discord.click(message["id"], custom_id(message, "abc"))
    assert "K:" in discord.until(lambda: content(discord, abc))
    for action in ("again", "vary"):
        whole_tune(discord, discord.click(message["id"], custom_id(message, action)))
    discord.click(message["id"], custom_id(message, "up"))
    discord.until(lambda: counts(discord.messages[message["id"]]) == ["1", "0"])


def prompts_in_each_state(discord: Loopback, running: Running, data: Path) -> list[str]:
    """Four prompts: one stuck in the renderer, one in the worker, both of which are suspended, and two queued."""
    worker = [child for child in running.children() if "worker" in child.cmdline()]
    renderer = [child for child in running.children() if "bot.render.process" in child.cmdline()]
    tokens = []
    for processes, state in ((renderer, "rendering"), (worker, "composing")):
        assert processes
        for process in processes:
            process.suspend()
        tokens.append(discord.slash({"key": "D", "form": "AB:4"}))
        discord.until(lambda state=state: states(data)[state] == 1)  # type: ignore[misc]
    tokens += [discord.slash({"key": "A", "form": "AB:4"}) for _ in range(2)]
    discord.until(lambda: states(data) == {"done": 3, "rendering": 1, "composing": 1, "queued": 2})
    return tokens
