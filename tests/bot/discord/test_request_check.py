"""The check passes what Discord accepts and names what it does not; every request of a bot goes through it."""

import ssl
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.benchmarks.discord.loopback import Request
from tests.bot.discord.request_check import ABSENT, DOCUMENT, faults_of
from tests.bot.discord.simulated_server import simulated_server
from tests.bot.discord.wire import loopback

needs_document = pytest.mark.skipif(not DOCUMENT.exists(), reason=ABSENT)

CALLBACK, ORIGINAL, MESSAGES = (
    "/interactions/11/abc/callback",
    "/webhooks/1/abc/messages/@original",
    "/channels/3/messages",
)
NAMED = {"description": "Compose", "type": 1}


def option(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "description": "One", "type": 3, **more}


def sync(*options: dict[str, Any], **command: Any) -> Request:
    given = {"name": "compose", **NAMED, "options": list(options), **command}
    return Request("PUT", "/applications/1/commands", [given])


def message(**body: Any) -> Request:
    return Request("POST", MESSAGES, body)


def button(custom_id: str) -> dict[str, Any]:
    return {"type": 2, "style": 2, "label": "0", "custom_id": custom_id}


def rows(*custom_ids: str) -> list[dict[str, Any]]:
    return [{"type": 1, "components": [button(custom_id)]} for custom_id in custom_ids]


def attached(part: str, name: str) -> Request:
    body = {"content": "", "embeds": [{"image": {"url": "attachment://a.png"}}]}
    return Request("PATCH", ORIGINAL, {**body, "attachments": [{"id": 0, "filename": "a.png"}]}, {part: name})


WRONG = [
    (sync(name="Compose"), "'Compose' is no name"),
    (sync(name="x" * 33, description="", type=3), "has 33 characters"),
    (sync(name="Report this", type=3), "has a description"),
    (sync(option("key", name_localizations={"fr": "Ton"})), "'Ton' is no name"),
    (sync(description="x" * 101), "a description of 101 characters"),
    (sync(option("form"), option("key", required=True)), "a required option behind one that is not"),
    (sync(option("key", autocomplete=True, choices=[{"name": "D", "value": "D"}])), "autocompletion and choices"),
    (sync(option("key", choices=[{"name": str(n), "value": str(n)} for n in range(26)])), "26 choices"),
    (sync(option("key"), option("key")), "two options called key"),
    (sync(*(option(f"o{n}", choices=[{"name": "x", "value": "y" * 990}]) for n in range(9))), "characters"),
    (Request("POST", CALLBACK, {"type": 8, "data": {"choices": [{"name": "", "value": "D"}]}}), "a choice has a name"),
    (message(content="a", components=rows("tune:1:up", "tune:1:up")), "two components are called tune:1:up"),
    (message(content="a", components=rows(*"abcdef")), "6 rows"),
    (message(content="a" * 2001), "2001 characters of content"),
    (message(embeds=[{"description": "a" * 3001}, {"description": "a" * 3000}]), "embeds of 6001 characters"),
    (message(content="a", flags=1 << 15, components=rows("a")), "content or embeds beside Components V2"),
    (message(content=""), "an empty message"),
    (Request("POST", CALLBACK, {"type": 4, "data": {"content": "", "flags": 64}}), "an empty message"),
    (attached("files[1]", "a.png"), "attachments ['files[0]'] for the parts ['files[1]']"),
    (attached("files[0]", "b.png"), "attachment files[0] is called a.png, its part b.png"),
]
UNKNOWN = [
    (sync(option("key", type=99)), "99"),
    (sync(option("key", min_length=-1)), "-1 is less than"),
    (message(content="a", colour="green"), "'colour' was unexpected"),
    (message(content="a", nonce="n" * 26), "nonce"),
    (
        message(content="a", components=[{"type": 1, "components": [{"type": 2, "label": "0"}]}]),
        "'style' is a required",
    ),
    (Request("POST", CALLBACK, {"type": 99}), "type"),
    (Request("GET", "/users/@me", {"content": ""}), "a body where none belongs"),
    (Request("POST", "/channels/3/massages", {"content": "a"}), "there is no such operation"),
    (Request("PATCH", ORIGINAL, {"content": "a"}, query={"wait": True}), "there is no parameter wait"),
    (Request("POST", "/webhooks/1/abc", {"content": "a"}, query={"wait": 2}), "wait=2 is neither true nor false"),
]
RIGHT = [
    sync(option("key", required=True, autocomplete=True), option("form"), nsfw=False),
    sync(name="Report this tune", description="", type=3),
    attached("files[0]", "a.png"),
    message(content="a", components=rows("a", "b"), nonce="prompt-1", enforce_nonce=True, tts=False),
    message(content="a", allowed_mentions={"parse": [], "users": [123]}),
    Request("PATCH", ORIGINAL, {"content": "a", "tts": False}),
    Request("POST", "/webhooks/1/abc", {"content": "a"}, query={"wait": 1}),
    Request("POST", CALLBACK, {"type": 5}, query={"with_response": 1}),
    Request("GET", "/gateway/bot"),
]


@pytest.mark.parametrize(("request_", "fault"), WRONG, ids=[fault for _, fault in WRONG])
def test_a_rule_that_the_document_lacks_is_applied(request_: Request, fault: str) -> None:
    found = faults_of([request_])
    assert any(fault in line for line in found), found


@needs_document
@pytest.mark.parametrize(("request_", "fault"), UNKNOWN, ids=[fault for _, fault in UNKNOWN])
def test_what_the_document_does_not_know_is_a_fault(request_: Request, fault: str) -> None:
    found = faults_of([request_])
    assert any(fault in line for line in found), found


@pytest.mark.parametrize("request_", RIGHT, ids=str)
def test_what_discord_accepts_has_no_faults(request_: Request) -> None:
    assert faults_of([request_]) == []


@pytest.fixture
def wrong(requests: list[Request]) -> Iterator[list[Request]]:
    """The requests of the test, cleared before they are checked: some are wrong on purpose."""
    yield requests
    requests.clear()


async def test_requests_to_the_simulated_discord_are_checked(tmp_path: Path, wrong: list[Request]) -> None:
    async with simulated_server(tmp_path) as server:
        assert [request.path for request in wrong][-1].endswith("/commands")
        await server.composed()
        assert faults_of(wrong) == []
        sent = next(request for request in wrong if request.files)
        assert sorted(sent.files) == [f"files[{n}]" for n in range(4)]
        sent.body["attachments"].pop()
        assert len(faults_of(wrong)) == 1


def test_requests_over_tcp_are_checked() -> None:
    with pytest.raises(AssertionError, match="an empty message"), loopback() as discord:
        post(f"https://127.0.0.1:{discord.port}/api/v10/channels/3000/messages", b'{"content": ""}', discord.authority)


def post(address: str, body: bytes, authority: str) -> None:
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    context = ssl.create_default_context(cadata=authority)
    urllib.request.urlopen(request, timeout=120, context=context).close()
