"""Settings: every default, every mistake by its name, and a token that never shows."""

import logging
import os
import re
import tomllib
from pathlib import Path

import pytest

from bot.core.config import Config, load
from bot.core.errors import ConfigError
from bot.core.sections import Web

EXAMPLE = Path(__file__).parents[3] / "config.example.toml"
SECRET = "MTk4NjIyNDgzNDcx.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"
CORES = os.cpu_count() or 1
DEFAULTS = {
    "data_dir": Path("data"),
    "web": {
        "enabled": True,
        "password": None,
        "admin_password": None,
        "user_header": "",
        "host": "127.0.0.1",
        "port": 8765,
        "proxies": ("127.0.0.1", "::1"),
        "origin": "",
    },
    "worker": {
        "threads": max(1, CORES - 1),
        "checkpoint": None,
        "deadline": 120.0,
        "versions": 3,
        "silence": 30.0,
        "memory": 4096,
    },
    "store": {"url": None, "lease": 30.0},
    "workers": {"broker": None, "name": "", "slots": 8, "trains": None, "lease": 15.0},
    "render": {"processes": min(CORES, 8), "timeout": 30.0, "soundfont": None},
    "queue": {"limit": 1000, "per_server": 250, "per_member": 5, "at_once": 16, "patience": 900.0},
    "limits": {"member_cooldown": 5.0, "server_cooldown": 0.0},
    "retraining": {"minimum_votes": 50, "deadline": 3600.0, "silence": 600.0, "keep": 5, "servers": ()},
    "discord": {"shards": None, "shard_ids": ()},
    "backup": {"folder": None, "hours": 24.0, "keep": 7},
    "privacy": {"keep": 30.0},
    "log": {"format": "human", "level": "warning"},
    "discord_token": None,
}


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.startswith("TUNESMITH_") or name == "DISCORD_TOKEN":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def written(text: str) -> Path:
    path = Path("config.toml")
    path.write_text(text)
    return path


def refusal(text: str = "") -> str:
    with pytest.raises(ConfigError) as caught:
        load(written(text))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_every_key_has_its_default() -> None:
    assert load().model_dump() == DEFAULTS


def test_the_example_holds_every_key_at_its_default() -> None:
    assert load(EXAMPLE) == load()
    commented = re.sub(r"^# (\w+ = )", r"\1", EXAMPLE.read_text(), flags=re.MULTILINE)
    example = tomllib.loads(commented)
    assert example.keys() == DEFAULTS.keys() - {"discord_token"}
    for section, values in DEFAULTS.items():
        if isinstance(values, dict):
            assert example[section].keys() == values.keys()


def test_config_toml_is_read_where_the_bot_is_started() -> None:
    written("[queue]\nlimit = 3\n")
    assert load().queue.limit == 3
    assert load().queue.per_member == 5


def test_a_file_that_was_named_has_to_be_there() -> None:
    with pytest.raises(ConfigError, match=r"there is no settings file mine\.toml"):
        load(Path("mine.toml"))
    with pytest.raises(ConfigError, match=r"cannot read \.: Is a directory"):
        load(Path("."))


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNESMITH_WEB__PORT", "9999")
    monkeypatch.setenv("TUNESMITH_DATA_DIR", "/elsewhere")
    config = load(written('data_dir = "here"\n[web]\nport = 1234\nenabled = false\n'))
    assert (config.web.port, config.web.enabled, config.data_dir) == (9999, False, Path("/elsewhere"))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("colour = 1", "colour"),
        ("[web]\nprot = 1", "web.prot"),
        ("[webb]\nport = 1", "webb"),
        ("[queue]\nlimt = 1\n[render]\nfoo = 2", "queue.limt"),
        ('discord_token = "x"', "discord_token"),
        ('DISCORD_TOKEN = "x"', "DISCORD_TOKEN"),
    ],
)
def test_an_unknown_key_is_named(text: str, name: str) -> None:
    assert repr(name) in refusal(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("data_dir = 5", "data_dir"),
        ("web = 5", "web"),
        ('[web]\nport = "http"', "web.port"),
        ("[web]\nport = 0", "web.port"),
        ("[web]\nport = 65536", "web.port"),
        ('[web]\nenabled = "perhaps"', "web.enabled"),
        ("[web]\nhost = 5", "web.host"),
        ("[worker]\nthreads = 0", "worker.threads"),
        ("[worker]\nthreads = 1.5", "worker.threads"),
        ("[worker]\ndeadline = -1.0", "worker.deadline"),
        ("[worker]\ndeadline = nan", "worker.deadline"),
        ("[worker]\ndeadline = inf", "worker.deadline"),
        ("[worker]\ncheckpoint = [1]", "worker.checkpoint"),
        ("[render]\nprocesses = 0", "render.processes"),
        ("[queue]\nper_member = 0", "queue.per_member"),
        ('[log]\nformat = "xml"', "log.format"),
        ('[store]\nurl = "mysql://bob:secret@db/x"', "store.url"),
        ('[workers]\nbroker = "amqp://bob:secret@mq"', "workers.broker"),
        ("[store]\nurl = 5", "store.url"),
    ],
)
def test_a_wrong_value_is_named(text: str, name: str) -> None:
    assert f"setting {name!r}" in refusal(text)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("shard_ids = [0]", "'discord.shard_ids': say with [discord] shards how many there are in all"),
        ("shards = 3\nshard_ids = [0, 3]", "'discord.shard_ids': there is no shard 3: with 3 in all there are 0 to 2"),
        ("shards = 3\nshard_ids = [-1]", "'discord.shard_ids': there is no shard -1"),
        ("shards = 3\nshard_ids = [0, 1, 1]", "'discord.shard_ids': shard 1 stands there twice"),
        ("shards = 0\nshard_ids = [0]", "'discord.shards': "),
    ],
)
def test_shards_that_cannot_be_are_named(text: str, line: str) -> None:
    assert refusal(f"[discord]\n{text}").startswith(f"setting {line}")


def test_shards_are_those_that_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(written("[discord]\nshards = 3\nshard_ids = [2, 0]")).discord.shard_ids == (2, 0)
    monkeypatch.setenv("TUNESMITH_DISCORD__SHARD_IDS", "[1]")
    assert load().discord.shard_ids == (1,)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", ""])
def test_the_page_is_served_to_this_machine_alone(host: str) -> None:
    assert "no login" in refusal(f'[web]\nhost = "{host}"')


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.1.1", "::1", "localhost"])
def test_every_name_of_this_machine_will_do(host: str) -> None:
    assert load(written(f'[web]\nhost = "{host}"')).web.host == host


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("TUNESMITH_WEB__PRT", "1", "web.prt"),
        ("TUNESMITH_DATADIR", "/x", "TUNESMITH_DATADIR"),
        ("TUNESMITH_WEB__PORT", "http", "web.port"),
        ("TUNESMITH_WEB", "{", "web"),
    ],
)
def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, line: str) -> None:
    monkeypatch.setenv(name, value)
    assert line in refusal()


def test_a_file_that_is_not_toml_is_one_line() -> None:
    assert "is not TOML" in refusal("web = {")
    Path("config.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="is not TOML"):
        load()


def test_the_token_never_shows(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", SECRET)
    config = load()
    assert config.discord_token
    assert config.discord_token.get_secret_value() == SECRET
    logging.getLogger().warning("%s %r", config, config)
    shown = (repr(config), str(config), config.model_dump_json(), str(config.model_dump()), caplog.text)
    assert not any(SECRET in text for text in shown)
    assert SECRET not in refusal("[web]\nport = -1\n")
    assert SECRET not in refusal(f'discord_token = "{SECRET}"')
    assert SECRET not in refusal(f'DISCORD_TOKEN = "{SECRET}"')


def test_settings_cannot_change_while_the_bot_runs() -> None:
    config = load()
    with pytest.raises(ValueError, match="frozen"):
        config.data_dir = Path("/x")  # type: ignore[misc]
    with pytest.raises(ValueError, match="frozen"):
        config.web.port = 1  # type: ignore[misc]
    assert isinstance(config, Config)


def test_votes_on_the_page_train_only_while_nobody_else_reaches_it() -> None:
    assert load().voters == ("discord", "web")
    for host in ("::1", "localhost", "127.0.1.1"):
        assert load(written(f'[web]\nhost = "{host}"')).voters == ("discord", "web")
    for host in ("0.0.0.0", "::", "192.168.1.5", "example.org"):  # none of which the settings allow as yet
        public = load().model_copy(update={"web": Web.model_construct(host=host)})
        assert (public.voters, public.web.local) == (("discord",), False)


@pytest.mark.parametrize(
    ("section", "key", "url"),
    [
        ("store", "url", f"postgresql+asyncpg://bob:{SECRET}@db.example.org/tunes"),
        ("workers", "broker", f"rediss://:{SECRET}@mq.example.org/0"),
    ],
)
def test_a_password_in_a_url_never_shows(
    section: str, key: str, url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    config = load(written(f'[{section}]\n{key} = "{url}"\n'))
    assert getattr(getattr(config, section), key).get_secret_value() == url
    logging.getLogger().warning("%s %r", config, config)
    assert not any(SECRET in text for text in (repr(config), config.model_dump_json(), caplog.text))
    assert SECRET not in refusal(f'[{section}]\n{key} = "mysql://bob:{SECRET}@db/x"')
    monkeypatch.setenv(f"TUNESMITH_{section.upper()}__{key.upper()}", f"bob:{SECRET}")
    assert SECRET not in refusal()


def test_the_database_is_a_file_in_the_data_directory_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load().database == Path("data/tunesmith.db")
    monkeypatch.setenv("TUNESMITH_STORE__URL", "postgresql://db/tunes")
    assert load().database == "postgresql://db/tunes"
    monkeypatch.setenv("TUNESMITH_STORE__URL", "")
    assert load().database == Path("data/tunesmith.db")


def test_a_secret_may_stand_in_a_file_that_the_environment_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text(f"{SECRET}\n")
    (tmp_path / "url").write_text("postgresql://tunesmith:hunter2@db/tunesmith\n")
    monkeypatch.setenv("DISCORD_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("TUNESMITH_STORE__URL_FILE", str(tmp_path / "url"))
    config = load()
    assert config.discord_token
    assert config.discord_token.get_secret_value() == SECRET
    assert config.database == "postgresql://tunesmith:hunter2@db/tunesmith"
    assert SECRET not in repr(config)
    monkeypatch.setenv("DISCORD_TOKEN", "another")
    assert "both DISCORD_TOKEN and DISCORD_TOKEN_FILE are set" in refusal()
    monkeypatch.delenv("DISCORD_TOKEN")
    monkeypatch.setenv("DISCORD_TOKEN_FILE", str(tmp_path / "absent"))
    assert "absent: No such file or directory" in refusal()
    monkeypatch.delenv("DISCORD_TOKEN_FILE")
    monkeypatch.setenv("TUNESMITH_WEB__PORT_FILE", str(tmp_path / "url"))
    assert "unknown setting 'web.port_file'" in refusal()


@pytest.mark.parametrize("login", ["password = 'of the band'", "user_header = 'Remote-User'"])
def test_with_a_login_the_page_is_served_to_others(login: str) -> None:
    config = load(written(f"[web]\nhost = '0.0.0.0'\n{login}\n"))
    assert config.web.guarded
    assert not config.web.local
    assert "of the band" not in repr(config)
    assert ("web" in config.voters) is ("user_header" in login), "who knows a password votes as often as they like"
    behind_a_proxy = load(written(f"[web]\n{login}\n"))
    assert not behind_a_proxy.web.local, "others reach it through a proxy on this machine"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("password = 'short'", ["web.password", "8 characters or more"]),
        ("proxies = ['nginx']", ["web.proxies", "'nginx' is no address"]),
        ("origin = 'tunes.example.org'", ["web.origin", "https://"]),
        ("origin = 'https://tunes.example.org/page'", ["web.origin", "without a path"]),
    ],
)
def test_a_login_that_cannot_be_is_named(text: str, parts: list[str]) -> None:
    said = refusal(f"[web]\n{text}\n")
    assert all(part in said for part in parts), said
    assert "short" not in said
