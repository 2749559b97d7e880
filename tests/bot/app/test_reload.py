"""SIGHUP reads limits and log level anew, and names what needs a restart."""

import json
import signal
import urllib.request
from pathlib import Path

from tests.command_line import bot

FIRST = "[limits]\nmember_cooldown = 5\n[log]\nlevel = 'warning'\n[queue]\nlimit = 10\n"


def test_what_can_change_does_and_the_rest_is_named(tmp_path: Path) -> None:
    settings = tmp_path / "config.toml"
    settings.write_text(FIRST)
    with bot(tmp_path / "data") as running:
        settings.write_text(FIRST.replace("5", "7").replace("warning", "info").replace("limit = 10", "limit = 20"))
        running.process.send_signal(signal.SIGHUP)
        line = running.says("read anew")
        assert "[limits], [log] changed; [queue] will change with a restart" in line
        settings.write_text("[limits]\nmember_cooldown = 'soon'\n")
        running.process.send_signal(signal.SIGHUP)
        assert "stay as they were: setting 'limits.member_cooldown'" in running.says("stay as they were")
        settings.write_text(FIRST.replace("5", "7").replace("warning", "info"))
        running.process.send_signal(signal.SIGHUP)
        assert "nothing has changed" in running.says("read anew")
        assert running.healthy()
        with urllib.request.urlopen(f"{running.address}/ready", timeout=120) as response:
            assert json.load(response) == {"status": "ready"}
        assert running.stop(signal.SIGTERM) == 0
