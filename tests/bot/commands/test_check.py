"""`python -m bot check` tries everything once, beside a running bot too, and says what is wrong and what to do."""

from contextlib import AsyncExitStack
from pathlib import Path
from unittest.mock import AsyncMock

import pytest

from bot.commands import check
from bot.core.config import Config
from bot.store import Store
from model.network import checkpoint
from model.worker.protocol import Event
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


def results(output: str) -> dict[str, str]:
    return {line[7:].partition(":")[0]: line.split()[0] for line in output.splitlines()}


def test_everything_is_well_beside_a_running_bot(tmp_path: Path) -> None:
    with bot(tmp_path / "data") as running:
        checked = ran(tmp_path / "data", "check", TUNESMITH_WEB__PORT=str(running.port))
        assert running.healthy()
    assert results(checked.stdout) == dict.fromkeys(NAMES, "ok")
    assert f"port {running.port} is in use: a bot runs there" in checked.stdout
    assert (checked.returncode, checked.stderr) == (0, "")


def test_what_is_wrong_has_a_line_and_what_needs_it_is_not_tried(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "tunesmith.db").write_text("my diary " * 1000)
    broken = tmp_path / "mine.safetensors"
    broken.write_bytes(checkpoint.SHIPPED.read_bytes()[:1000])
    checked = ran(tmp_path / "data", "check", TUNESMITH_WORKER__CHECKPOINT=str(broken))
    assert checked.returncode == 1
    assert results(checked.stdout) == {
        **dict.fromkeys(NAMES, "ok"),
        "database": "WRONG",
        "worker": "WRONG",
        **dict.fromkeys(("one tune", "sheet music (PNG)", "MIDI", "sound (MP3)"), "-"),
    }
    assert "restore a backup" in checked.stdout
    assert "is corrupt" in checked.stdout
    assert "Traceback" not in checked.stdout + checked.stderr


async def test_the_version_in_use_composes_the_tune(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    worker = AsyncMock()
    worker.compose.return_value = Event("check", "done", "The Tune", note="version 2: no checkpoint at /2")
    async with await Store.open(tmp_path / "tunesmith.db") as store, AsyncExitStack() as stack:
        await store.versions.add("/2", "2" * 64, "learned", 2)
        await store.versions.choose(2)
        checks = check._Checks(Config(data_dir=tmp_path), stack, _store=store, _worker=worker)
        await checks.one("one tune", checks.tune)
    (job,) = worker.compose.await_args.args
    assert (job.checkpoint, job.sha256, job.version) == ("/2", "2" * 64, 2)
    assert capsys.readouterr().out.startswith(
        "WRONG  one tune: version 2: no checkpoint at /2; another version composes"
    )
