"""Outputs of the product for fixed seeds, in the form in which the files beside this one record them."""

import asyncio
import hashlib
import json
import random
import re
import tempfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import discord
from aiohttp.test_utils import TestClient, TestServer

from bot.web import create_app
from model.prompt import parse_prompt
from tests.bot.discord.message_kinds import MESSAGE_KINDS, MessageKind
from tests.bot.discord.simulated_server import simulated_server
from tests.bot.running_bot import ANN, running_bot
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
VARYING = re.compile(
    r"<t:\d+(?::\w)?>|\breference\W+[0-9a-f]{6}\b|\b[0-9a-f]{6}\b|\b\d{10,}\b|The \d+|\b\d+(?:\.\d+)? ?s\b"
)


@cache
def samples(half: int) -> dict[str, str]:
    """By rhythm, the ABC of two tunes as `python -m model sample` writes it; two processes run all commands."""
    ended = model(json.dumps(SAMPLES[half::2]), program=("-m", "tests.golden.sampling"), timeout=280)
    assert ended.status == 0, ended.err
    texts: dict[str, str] = json.loads(ended.out)
    return texts


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
        async with running_bot(Path(folder) / "tunesmith.db") as bot:
            app = create_app(bot.composer, bot.composer.library)
            async with TestClient(TestServer(app)) as client:
                await client.get("/")
                for opening in ("", "other", "fail", "refuse"):
                    await bot.finished(parse_prompt("Edor", "reel", seed=7, opening=opening), ANN, 2)
                updates = bot.composer.subscribe()
                with patch("bot.composing.composer.random", random.Random(1)):  # draws the variation's seed
                    varied = await bot.composer.vary(ANN, await bot.composer.library.tune(1, ANN), "parts")
                await bot.composer.finished(varied.prompt.id, updates)
                return _json(_settled(await (await client.get("/history?before=100")).json()))


async def messages(kind: MessageKind) -> str:
    """The messages of a kind on Discord, by the names under which they are saved."""
    saved: dict[str, Any] = {}

    async def save(name: str, target: Any, *_: Any) -> None:
        saved[name] = _settled(_message(target))

    drawn = random.Random(1)  # rhythms and seeds that prompts leave open
    with (
        patch("model.prompt.random", drawn),
        patch("bot.composing.composer.random", drawn),
        tempfile.TemporaryDirectory() as folder,
    ):
        options: dict[str, Any] = {"timing": kind.timing, "command": kind.worker, "at_once": 1}
        async with simulated_server(Path(folder), kind.trainer, **options) as server:
            await kind.produce(server, save)
    return _json(saved)


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
    """The value without what varies from run to run: times, process ids, references, random seeds."""
    if isinstance(value, dict):
        return {key: "…" if key in ("at", "version", "timestamp") else _settled(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_settled(each) for each in value]
    return VARYING.sub("…", value) if isinstance(value, str) else value


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _sample(number: int, rhythm: str) -> str:
    return samples(number % 2)[rhythm]


def _messages(kind: MessageKind) -> str:
    return asyncio.run(messages(kind))


# by the name of the file beside this one
OUTPUTS: dict[str, Callable[[], str]] = {
    **{
        f"sample-{rhythm.replace(' ', '-')}.abc": partial(_sample, number, rhythm)
        for number, (_, rhythm, _) in enumerate(SAMPLES)
    },
    "compose.json": composed,
    "history.json": lambda: asyncio.run(history()),
    **{f"messages-{name}.json": partial(_messages, kind) for name, kind in MESSAGE_KINDS.items()},
}
