"""SIGTERM and Ctrl-C end the bot within ten seconds, whatever it is doing, and nothing of it stays."""

import json
import signal
import time
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

import psutil
import pytest

from tests.command_line import Running, bot, free_port


def member(running: Running) -> urllib.request.OpenerDirector:
    """A browser, as far as the bot can tell."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    opener.open(running.address, timeout=120).close()
    return opener


def compose(running: Running, text: str = "/compose key:D count:4") -> None:
    request = urllib.request.Request(
        f"{running.address}/messages",
        data=json.dumps({"text": text}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with member(running).open(request, timeout=120) as response:
        assert response.status == 202


def gone(children: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(children, timeout=120)
    return not alive


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_a_busy_bot_stops_cleanly(name: signal.Signals, tmp_path: Path) -> None:
    with bot(tmp_path / "data") as running:
        assert running.healthy()
        children = running.children()
        assert len(children) >= 2  # the worker, and a renderer
        for _ in range(3):
            compose(running)
        stream = member(running).open(f"{running.address}/events", timeout=120)
        stream.readline()
        assert running.stop(name) == 0
        stream.close()
        assert gone(children)
        running.says("stopping")
        running.says("")
    assert not any("Traceback" in line or "ERROR" in line for line in running.output)


def test_a_bot_that_is_still_starting_stops_cleanly(tmp_path: Path) -> None:
    running = Running(tmp_path / "data", free_port())
    try:
        while len(children := running.children()) < 2 and running.process.poll() is None:
            time.sleep(0.01)
        assert running.stop(signal.SIGTERM) == 0
        assert gone(children)
    finally:
        running.process.kill()
        running.process.wait()
    running.says("stopping")
    running.says("")
    assert len(running.output) == 2
