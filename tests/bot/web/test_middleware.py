"""Requests from other hosts and sites are refused, and errors are answered with one line."""

import logging
import re

import pytest

from bot.core.errors import Busy, WorkerError
from bot.web.middleware import is_loopback
from tests.bot.web.conftest import Client, say
from tests.bot.web.fakes import FakeComposer


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:80", "localhost.", "127.0.0.1:8765", "127.3.2.1", "[::1]", "[::1]:8765"]
)
def test_loopback_hosts_are_accepted(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "evil.example", "evil.example:8765", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1",
             "0.0.0.0", "[::2]", "127.0.0.1:x", "::1", "127.0.0.1@evil.example"]
)  # fmt: skip
def test_other_hosts_are_not(host: str) -> None:
    assert not is_loopback(host)


async def test_another_host_name_is_refused_everywhere(client: Client) -> None:
    for path in ("/", "/history", "/static/page.css", "/health"):
        response = await client.get(path, headers={"Host": "evil.example"})
        assert response.status == 421
        assert "127.0.0.1" in (await response.json())["error"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_posts_of_other_sites_are_refused(
    client: Client, composer: FakeComposer, headers: dict[str, str]
) -> None:
    response = await client.post("/messages", json={"text": "/compose key:D"}, headers=headers)
    assert response.status == 403
    assert not composer.composed


async def test_a_plain_form_cannot_post(client: Client, composer: FakeComposer) -> None:
    for content_type in ("text/plain", "application/x-www-form-urlencoded"):
        response = await client.post(
            "/messages", data='{"text": "/compose key:D"}', headers={"Content-Type": content_type}
        )
        assert response.status == 400
    assert not composer.composed


async def test_every_response_has_security_headers(client: Client) -> None:
    for path in ("/", "/static/chat.js", "/nowhere", "/history"):
        headers = (await client.get(path)).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("body", ["", "{", "[]", '"x"', '{"text": 3}', '{"text": " "}', "{}", "[" * 5000])
async def test_broken_bodies_get_one_line(client: Client, body: str) -> None:
    response = await client.post("/messages", data=body, headers={"Content-Type": "application/json"})
    assert response.status == 400
    assert (await response.json())["error"]


async def test_a_huge_body_is_refused_with_one_line(client: Client) -> None:
    status, answer = await say(client, "/compose key:D opening:" + "E" * 1_000_000)
    assert status == 413
    assert "16 KB" in answer["error"]


async def test_unknown_addresses_and_methods_are_json_too(client: Client) -> None:
    for path, status in (("/nowhere", 404), ("/messages", 405), ("/static/..%2fapp.py", 404)):
        response = await client.get(path)
        assert response.status == status
        assert (await response.json())["error"]


async def test_the_lines_of_expected_errors_are_shown(client: Client, composer: FakeComposer) -> None:
    for failure, status in ((Busy("the queue is full"), 429), (WorkerError("no worker answers"), 503)):
        composer.refusal = failure
        answered, answer = await say(client, "/compose key:D")
        assert (answered, answer["error"].lower()) == (status, str(failure))


async def test_an_unexpected_error_has_a_reference_that_the_log_explains(
    client: Client, composer: FakeComposer, caplog: pytest.LogCaptureFixture
) -> None:
    composer.refusal = ZeroDivisionError("secret detail")
    with caplog.at_level(logging.ERROR):
        status, answer = await say(client, "/compose key:D")
    assert status == 500
    assert "secret" not in answer["error"]
    number = re.search(r"[0-9a-f]{8}", answer["error"])
    assert number
    assert number[0] in caplog.text
    assert "ZeroDivisionError" in caplog.text
