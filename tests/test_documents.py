"""Every command in the documents is run here, by a test that is named here, or not at all, for a reason given here."""

import asyncio
import hashlib
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tomllib
from contextlib import closing
from pathlib import Path

import pytest

from bot.__main__ import parser as bot_parser
from bot.core import config
from bot.store import Store
from bot.store.migrate import migrate
from model.__main__ import parser as model_parser
from tests.bot.store.samples import a_member, a_tune
from tests.bot.store.test_migrate import next_release
from tests.command_line import environment
from tests.documents import OURS, arguments, commands, settings
from tests.imports import ROOT

INSTALLS = "downloads gigabytes: `make test` itself runs in such an environment, and .ci/run installs the packages"
SYSTEM = "changes the machine"
LONG = "takes minutes to hours; its test runs the same program on less"
GPU_OR_DOCKER = "needs Docker; docs/operating.md says what of the files was tried"

RUN_HERE = (
    *('python -m bot compose --key "F#m" --rhythm jig --count 2 --out tunes',),
    "python -m model sample --key Edor --rhythm reel --count 50 --seed 1",
    "python -m model harmonize tunes.abc",
    "tunesmith compose --key Edor --rhythm reel --out tunes",
    "mkdir -p secrets && chmod 700 secrets",
    'printf %s "$(openssl rand -hex 24)" > secrets/database_password',
    "printf 'postgresql+asyncpg://tunesmith:%s@database/tunesmith' \"$(cat secrets/database_password)\""
    " > secrets/database_url",
    "printf 'redis://:%s@broker:6379/0' \"$(openssl rand -hex 24)\" > secrets/broker_url",
    'printf %s "$DISCORD_TOKEN" > secrets/discord_token',
    "chmod 644 secrets/*",
    "tunesmith backup tunesmith.zip",
    "tunesmith restore tunesmith.zip",
    "tunesmith restore --force data/tunesmith.db.before-restore",
    "tunesmith backup before.zip",
    "tunesmith restore --force before.zip",
    "tunesmith restore --force data/tunesmith.db.before-REVISION",
    "tunesmith migrate",
    "tunesmith member show 123456789012345678",
    "tunesmith member export 123456789012345678 member.zip",
    "tunesmith member forget 123456789012345678 --tunes keep",
)
RUN_ELSEWHERE = {  # command -> the test that runs it, perhaps on less
    r"make test|make run( CPU=1)?": ".ci/run",
    r"python -m bot compose --key Edor .*--out out": "tests/test_command_line.py",
    r"(\.venv/bin/)?python -m bot( migrate)?|(\.venv/bin/)?tunesmith serve": "tests/test_command_line.py",
    r"curl -fsS http://127.0.0.1:8765/ready": "tests/bot/web/test_readiness.py",
    r"DISCORD_TOKEN=… .*": "tests/bot/discord/test_shards.py",
    r"export DISCORD_TOKEN=.*": "tests/bot/discord/test_wire.py",
    r"(\.venv/bin/)?(python -m bot|tunesmith) check": "tests/bot/commands/test_check.py",
    r"(\.venv/bin/)?python -m bot retrain( --dry-run)?": "tests/bot/commands/test_retrain.py",
    r".* migrate --from sqlite:///data/tunesmith.db": "tests/bot/store/test_copy.py",
    r"\.venv/bin/python -m bot worker": "tests/bot/app/test_many_machines.py",
    r"openssl req .*": "tests/bot/workers/cluster/test_encrypted_redis.py",
    r"python -m bot bench": "tests/bot/commands/test_bench.py",
    r"python -m bot soak.*": "tests/bot/benchmarks/test_soak.py",
    r"TUNESMITH_DATA_DIR=\S+ tunesmith restore tunesmith.zip": "tests/bot/backup/test_restore.py",
    r"tunesmith member (show ID|export ID FILE.zip|forget.*)": "tests/bot/commands/test_member.py",
    r"python -m model corpus( --list)?": "tests/model/commands/test_corpus.py",
    r"python -m model read .*": "tests/model/commands/test_read.py",
    r"python -m model rhythms": "tests/model/evaluation/test_rhythm_training.py",
    r"python -m model corpus --fetch cobb": "tests/model/corpus/test_sources.py",
    r"python -m model train .*": "tests/model/commands/test_train.py",
    r"python -m model critic .*": "tests/model/commands/test_critic.py",
    r"python -m model evaluate.*": "tests/model/commands/test_evaluate.py",
    r"python -m model compare .*": "tests/model/commands/test_compare.py",
    r"python -m model simulate-community": "tests/model/commands/test_community.py",
    r"python -m model bench": "tests/model/commands/test_bench.py",
    r"python -m model sweep.*": "tests/model/commands/test_sweep.py",
    r"python -m tests\.privacy_table": "tests/test_privacy.py",
    r"python -m tests\.diagram": "tests/test_architecture.py",
    r"cat > config.toml .*": "tests/test_documents.py",  # read below
    r"chmod 600 config.toml": "tests/bot/core/test_config.py",
}
NOT_RUN = {  # command -> why
    r"make (bench|format)": LONG,
    r"make audit": "needs PyPI: .ci/run calls it where that answers",
    r"apt install .*|npm install .*": SYSTEM,
    r".*pip install .*|python3 -m venv \.venv": INSTALLS,
    r"git .*": "needs the repository's address or history",
    r"python -m model corpus --write-(index|titles) .*": LONG,
    r"(sudo|chown|systemctl|journalctl|install|cp) .*|cat >> /etc/.*": SYSTEM,
    r"docker .*": GPU_OR_DOCKER,
}
KNOWN_BY_NAME = {"tunesmith member forget"}  # named in a sentence, without its arguments
TEXTS = sorted({command.text for command in commands()})


def matching(table: dict[str, str], text: str) -> list[str]:
    return [pattern for pattern in table if re.fullmatch(pattern, text, re.DOTALL)]


@pytest.mark.parametrize("text", TEXTS)
def test_every_command_is_run_or_not_for_a_reason(text: str) -> None:
    assert text in RUN_HERE or matching(RUN_ELSEWHERE, text) or matching(NOT_RUN, text)


def test_no_table_names_what_no_document_has() -> None:
    assert set(RUN_HERE) <= set(TEXTS)
    patterns = {**RUN_ELSEWHERE, **NOT_RUN}
    assert [each for each in patterns if not any(re.fullmatch(each, text, re.DOTALL) for text in TEXTS)] == []
    assert [path for path in RUN_ELSEWHERE.values() if not (ROOT / path).is_file()] == []


@pytest.mark.parametrize("text", [text for text in TEXTS if OURS.match(text) and text not in KNOWN_BY_NAME])
def test_every_command_of_ours_has_the_options_that_it_is_given(text: str) -> None:
    program, words = arguments(text)
    {"bot": bot_parser, "model": model_parser}[program]().parse_args(words)


@pytest.mark.parametrize("text", settings(), ids=str)
def test_every_setting_in_a_document_is_one(text: str, tmp_path: Path) -> None:
    assert tomllib.loads(text)
    path = tmp_path / "config.toml"
    path.write_text(text)
    config.load(path)


def test_the_model_card_has_the_hashes_of_the_files_that_ship() -> None:
    card = (ROOT / "model/checkpoints/README.md").read_text()
    named = dict(re.findall(r"^\| `(\w+\.safetensors)` .*`([0-9a-f]{64})` \|$", card, re.MULTILINE))
    shipped = (ROOT / "model/checkpoints").glob("*.safetensors")
    assert named == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in shipped}


class Shell:
    """Runs commands as they stand in the documents, in an empty folder with the programs that they call."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        programs = folder / "bin"
        programs.mkdir()
        for name, program in (("python", '"$@"'), ("tunesmith", '-m bot "$@"')):
            (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {program}\n')
            (programs / name).chmod(0o755)
        self.environment = environment(folder / "data", DISCORD_TOKEN="a-token", TUNESMITH_WORKER__THREADS="1")
        self.environment["PATH"] = f"{programs}:{os.environ['PATH']}"

    def run(self, text: str, **replaced: str) -> str:
        """Run a command of RUN_HERE; what it prints. `replaced` are words that stand for something."""
        assert text in RUN_HERE
        for word, value in replaced.items():
            text = text.replace(word, value)
        line = ["bash", "-euo", "pipefail", "-c", text]
        done = subprocess.run(line, cwd=self.folder, env=self.environment, text=True, capture_output=True, timeout=250)
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout

    def tunes(self) -> int:
        with closing(sqlite3.connect(self.folder / "data" / "tunesmith.db")) as database:
            (count,) = database.execute("SELECT count(*) FROM tunes").fetchone()
            return int(count)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.mark.timeout(600)  # as much as a machine with other work takes
def test_from_a_tune_to_a_lost_disk_and_an_upgrade_that_is_undone(shell: Shell, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shell.run("tunesmith compose --key Edor --rhythm reel --out tunes")
    assert {path.suffix for path in (tmp_path / "tunes").iterdir()} == {".abc", ".mid", ".png", ".mp3"}
    shell.run("tunesmith backup tunesmith.zip")
    shutil.rmtree(data)
    shell.run("tunesmith restore tunesmith.zip")
    assert shell.tunes() == 1
    shell.run("tunesmith backup before.zip")
    shell.run("tunesmith migrate")
    for undo in ("tunesmith restore --force before.zip", "tunesmith restore --force data/tunesmith.db.before-REVISION"):
        asyncio.run(migrate(data / "tunesmith.db", next_release(tmp_path)))  # as the next release's `migrate` does
        shutil.rmtree(tmp_path / "migrations")
        shell.run(undo, REVISION="9999")
        assert shell.tunes() == 1
    with closing(sqlite3.connect(data / "tunesmith.db.before-restore")) as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchone() == ("9999",)
    (data / "tunesmith.db.before-9999").replace(data / "tunesmith.db.before-restore")
    shell.run("tunesmith restore --force data/tunesmith.db.before-restore")
    assert shell.tunes() == 1


def test_a_member_is_shown_handed_over_and_forgotten(shell: Shell, tmp_path: Path) -> None:
    async def ask() -> None:
        async with await Store.open(tmp_path / "data" / "tunesmith.db") as store:
            await a_tune(store, await a_member(store, "123456789012345678", "7", "discord"))

    asyncio.run(ask())
    assert "1 prompt, 1 tune" in shell.run("tunesmith member show 123456789012345678")
    shell.run("tunesmith member export 123456789012345678 member.zip")
    assert (tmp_path / "member.zip").is_file()
    assert "Forgotten" in shell.run("tunesmith member forget 123456789012345678 --tunes keep")


@pytest.mark.timeout(600)
def test_the_commands_without_the_chat(shell: Shell, tmp_path: Path) -> None:
    shell.run('python -m bot compose --key "F#m" --rhythm jig --count 2 --out tunes')
    assert len(list((tmp_path / "tunes").glob("*.abc"))) == 2
    composed = shell.run("python -m model sample --key Edor --rhythm reel --count 50 --seed 1")
    assert composed.count("X:") == 50
    (tmp_path / "tunes.abc").write_text(composed)
    assert shell.run("python -m model harmonize tunes.abc").count("X:") == 50


def test_the_secrets_of_the_containers(shell: Shell, tmp_path: Path) -> None:
    for text in RUN_HERE:
        if "secrets" in text:
            shell.run(text)
    found = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    assert found["discord_token"] == "a-token"
    assert found["database_url"] == f"postgresql+asyncpg://tunesmith:{found['database_password']}@database/tunesmith"
    assert re.fullmatch(r"redis://:[0-9a-f]{48}@broker:6379/0", found["broker_url"])
    assert oct((tmp_path / "secrets").stat().st_mode)[-3:] == "700"
    assert set(found) == set(re.findall(r"file: \S*secrets/(\w+)", (ROOT / "compose.yaml").read_text()))
