"""What the product gives now for fixed seeds, in the form in which it is kept beside this file."""

import asyncio
import hashlib
import json
import random
import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import discord
from aiohttp.test_utils import TestClient, TestServer

from bot.web import create_app
from model.prompt import parse_prompt
from tests.bot.discord.message_kinds import SCENES, Scene
from tests.bot.discord.simulated_server import stage
from tests.bot.running_bot import ANN, running
from tests.command_line import ran
from tests.model.command_line import model

SAMPLES = (
    ("Edor", "reel", "AABB:4"),
    ("F#m", "jig", "AABB"),
    ("Amix", "slip jig", "AB:4"),
    ("Gm", "waltz", "AABA:4"),
    ("D", "strathspey", "AABBCC:4"),
    ("Bb", "hornpipe", "AB:16"),
    ("C", "polka", "AABB:4"),
    ("Ador", "march", "AB:4"),
    ("Em", "air", "AB"),
)
WRITTEN = re.compile(
    r"<t:\d+(?::\w)?>|\breference\W+[0-9a-f]{6}\b|\b[0-9a-f]{6}\b|\b\d{10,}\b|The \d+|\b\d+(?:\.\d+)? ?s\b"
)


def sampled(key: str, rhythm: str, form: str) -> str:
    """ABC of two tunes as `python -m model sample` writes it."""
    return model("sample", "--key", key, "--rhythm", rhythm, "--form", form, "--count", "2", "--seed", "5").out


def composed() -> str:
    """The files that `python -m bot compose` writes: the ABC as text, of all others the hash."""
    with tempfile.TemporaryDirectory() as folder:
        options = ("--key", "Edor", "--rhythm", "reel", "--temperature", "0.8", "--seed", "98", "--count", "2")
        done = ran(Path(folder) / "data", "compose", *options, "--out", f"{folder}/out")
        assert done.returncode == 0, done.stderr
        files = sorted(file for file in Path(folder, "out").iterdir() if file.suffix != ".mp3")
        return _json({file.name: _content(file) for file in files})


def _content(file: Path) -> str:
    return file.read_text() if file.suffix == ".abc" else hashlib.sha256(file.read_bytes()).hexdigest()


async def history() -> str:
    """`/history` of a page on which tunes were composed, varied and refused."""
    with tempfile.TemporaryDirectory() as folder:
        async with running(Path(folder) / "tunesmith.db") as bot:
            app = create_app(bot.composer, bot.composer.library)
            async with TestClient(TestServer(app)) as client:
                await client.get("/")
                for opening in ("", "other", "fail", "refuse"):
                    await bot.finished(parse_prompt("Edor", "reel", seed=7, opening=opening), ANN, 2)
                updates = bot.composer.subscribe()
                with patch("bot.composing.composer.random", random.Random(1)):  # draws the variation's seed
                    varied = await bot.composer.vary(ANN, await bot.composer.library.tune(1), "parts")
                await bot.composer.finished(varied.prompt.id, updates)
                return _json(_settled(await (await client.get("/history?before=100")).json()))


async def messages(scene: Scene, trainer: Sequence[str]) -> str:
    """The messages of a scene on Discord, composed by the real worker."""
    shown: dict[str, Any] = {}

    async def save(name: str, target: Any, *_: Any) -> None:
        shown[name] = _settled(_message(target))

    worker = (sys.executable, "-m", "model", "worker")
    drawn = random.Random(1)  # rhythms and seeds that nobody asked for
    with (
        patch("tests.bot.running_bot.STAND_IN", worker),
        patch("model.prompt.random", drawn),
        patch("bot.composing.composer.random", drawn),
        tempfile.TemporaryDirectory() as folder,
    ):
        async with stage(Path(folder), trainer, at_once=1) as on:
            await scene(on, save)
    return _json(shown)


def _message(target: Any) -> dict[str, Any]:
    message = target if isinstance(target, discord.Message) else getattr(target, "response", target)
    if not hasattr(message, "embeds") and hasattr(target, "followups"):
        message = target.followups[-1]
    return {
        "content": message.content,
        "embeds": [embed if isinstance(embed, dict) else embed.to_dict() for embed in message.embeds],
        "files": [attachment.filename for attachment in message.attachments],
        "components": [row if isinstance(row, dict) else row.to_dict() for row in message.components],
    }


def _settled(value: Any) -> Any:
    """Without what differs from run to run: times, processes' ids, references, seeds that were drawn."""
    if isinstance(value, dict):
        return {key: "…" if key in ("at", "version", "timestamp") else _settled(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_settled(each) for each in value]
    return WRITTEN.sub("…", value) if isinstance(value, str) else value


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _messages(scene: Scene, trainer: Sequence[str]) -> str:
    return asyncio.run(messages(scene, trainer))


# what each file beside this one holds
OUTPUTS: dict[str, Callable[[], str]] = {
    **{f"sample-{rhythm.replace(' ', '-')}.abc": partial(sampled, key, rhythm, form) for key, rhythm, form in SAMPLES},
    "compose.json": composed,
    "history.json": lambda: asyncio.run(history()),
    **{f"messages-{scene.__name__}.json": partial(_messages, scene, words) for scene, words in SCENES.items()},
}
