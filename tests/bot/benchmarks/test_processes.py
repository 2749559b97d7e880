"""Programs that benchmarks start."""

from pathlib import Path

import pytest

from bot.benchmarks.processes import run_program
from bot.core.errors import WorkerError


def test_a_program_has_its_settings_and_its_data_directory_is_gone_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNESMITH_QUEUE__LIMIT", "7")
    monkeypatch.setenv("DISCORD_TOKEN", "secret")
    with run_program("bot", "check", settings={"WEB__ENABLED": "false"}) as program:
        program.wait_until(lambda: any("data directory" in line for line in program.lines), 60)
        folder = next(line for line in program.lines if "data directory" in line).split(": ")[1].split(" can be")[0]
        assert Path(folder).is_dir()
        program.wait_until(lambda: any("Discord" in line for line in program.lines), 60)
    assert "no DISCORD_TOKEN" in "\n".join(program.lines)
    assert not Path(folder).exists()


def test_a_program_that_ends_early_is_its_last_line() -> None:
    with (
        pytest.raises(WorkerError, match="the bot did not start: unknown setting 'TUNESMITH_NONSENSE'"),
        run_program("bot", settings={"NONSENSE": "1"}) as program,
    ):
        program.wait_until(lambda: False, 60)
