"""`python -m bot check` tries everything once, beside a running bot too, and says what is wrong and what to do."""

from pathlib import Path

from model import checkpoint
from tests.command_line import bot, ran

NAMES = [
    "settings",
    "data directory",
    "database",
    "page",
    "Discord",
    "worker",
    "one tune",
    "renderer",
    "sheet music (PNG)",
    "MIDI",
    "sound (MP3)",
]


def verdicts(said: str) -> dict[str, str]:
    return {line[7:].partition(":")[0]: line.split()[0] for line in said.splitlines()}


def test_everything_is_well_beside_a_running_bot(tmp_path: Path) -> None:
    with bot(tmp_path / "data") as running:
        checked = ran(tmp_path / "data", "check", TUNESMITH_WEB__PORT=str(running.port))
        assert running.healthy()
    assert verdicts(checked.stdout) == dict.fromkeys(NAMES, "ok")
    assert f"port {running.port} is in use: a bot runs there" in checked.stdout
    assert (checked.returncode, checked.stderr) == (0, "")


def test_what_is_wrong_has_a_line_and_what_needs_it_is_not_tried(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "tunesmith.db").write_text("my diary " * 1000)
    broken = tmp_path / "mine.safetensors"
    broken.write_bytes(checkpoint.SHIPPED.read_bytes()[:1000])
    checked = ran(tmp_path / "data", "check", TUNESMITH_WORKER__CHECKPOINT=str(broken))
    assert checked.returncode == 1
    assert verdicts(checked.stdout) == {
        **dict.fromkeys(NAMES, "ok"),
        "database": "WRONG",
        "worker": "WRONG",
        **dict.fromkeys(("one tune", "sheet music (PNG)", "MIDI", "sound (MP3)"), "-"),
    }
    assert "restore a backup" in checked.stdout
    assert "is corrupt" in checked.stdout
    assert "Traceback" not in checked.stdout + checked.stderr
