"""The handlers over HTTP: commands, the event stream, votes, variations, cancelling and the history."""

from dataclasses import replace

import pytest
from aiohttp.test_utils import TestServer

from bot.core.values import State
from bot.web.handlers import SCREENFUL
from tests.bot.web.conftest import Client, Stream, say, visitor
from tests.bot.web.fakes import FakeComposer, FakeStore


async def test_health_needs_no_cookie(server: TestServer) -> None:
    async with visitor(server) as client:
        client.session.cookie_jar.clear()
        response = await client.get("/health")
        assert (response.status, await response.json()) == (200, {"status": "ok"})


async def test_a_command_reaches_the_composer(client: Client, composer: FakeComposer) -> None:
    status, answer = await say(client, "/compose key:Edor rhythm:reel temperature:0.9 seed:7 count:2")
    assert status == 202
    assert answer["options"] == [
        ["key", "Edor"], ["rhythm", "reel"], ["temperature", "0.9"], ["seed", "7"], ["count", "2"]
    ]  # fmt: skip
    _, prompt, count = composer.composed[0]
    assert (str(prompt.key), prompt.rhythm, prompt.temperature, prompt.seed, count) == ("Edor", "reel", 0.9, 7, 2)


async def test_help_answers_with_every_option(client: Client) -> None:
    status, answer = await say(client, "/help")
    assert status == 200
    assert {option["name"] for option in answer["help"]["commands"][0]["options"]} >= {"key", "rhythm", "temperature"}


async def test_a_prompt_is_followed_to_its_tune(client: Client, composer: FakeComposer) -> None:
    async with client.get("/events") as response:
        assert response.headers["Content-Type"].startswith("text/event-stream")
        stream = Stream(response)
        name, history = await stream.next()
        assert (name, history["prompts"], history["earlier"]) == ("history", [], False)
        await say(client, "/compose key:Edor rhythm:reel temperature:0.9 seed:7")
        events = [await stream.next()]
        for state in (State.QUEUED, State.COMPOSING, State.RENDERING, State.DONE):
            composer.advance(1, state)
            events.append(await stream.next())
    assert {name for name, _ in events} == {"progress"}
    assert [data["status"] for _, data in events] == [
        "2nd in the queue…", "next in the queue…", "composing…", "engraving…", ""
    ]  # fmt: skip
    (tune,) = events[-1][1]["tunes"]
    assert events[-1][1]["member"] == history["member"]
    assert " · ".join(tune["facts"]) == "E dorian · reel · 100 bpm · AABB:8 · temperature 0.9 · seed 7 · model v1"
    assert "reel in E dorian" in tune["alt"]


async def test_a_page_that_reconnects_has_missed_nothing(client: Client, composer: FakeComposer) -> None:
    await say(client, "/compose key:D")
    await say(client, "/compose key:G")
    composer.advance(1, State.DONE)
    composer.advance(2, State.QUEUED, ahead=2)
    async with client.get("/events") as response:
        _, history = await Stream(response).next()
    done, waiting = history["prompts"]
    assert (done["final"], len(done["tunes"])) == (True, 1)
    assert (waiting["final"], waiting["status"]) == (False, "3rd in the queue…")


async def test_votes_count_change_withdraw_and_reach_other_pages(server: TestServer, composer: FakeComposer) -> None:
    async with visitor(server) as mine, visitor(server) as other:
        await say(mine, "/compose key:D")
        composer.advance(1, State.DONE)
        async with other.get("/events") as response:
            stream = Stream(response)
            await stream.next()
            for value, counts in ((1, (1, 0, 1)), (-1, (0, 1, -1)), (0, (0, 0, 0)), (1, (1, 0, 1))):
                answer = await (await mine.post("/tunes/1/vote", json={"value": value})).json()
                name, event = await stream.next()
                assert (answer["up"], answer["down"], answer["mine"]) == counts
                assert (name, event["tune"], event["up"], event["down"]) == ("votes", 1, counts[0], counts[1])
        await other.post("/tunes/1/vote", json={"value": 1})
        for client, vote in ((mine, 1), (other, 1)):
            (prompt,) = (await (await client.get("/history?before=9")).json())["prompts"]
            assert prompt["tunes"][0]["votes"] == {"up": 2, "down": 0, "mine": vote}


@pytest.mark.parametrize("value", [2, -2, "1", None, True, 1.0, [1]])
async def test_other_values_are_refused_as_votes(client: Client, composer: FakeComposer, value: object) -> None:
    await say(client, "/compose key:D")
    composer.advance(1, State.DONE)
    assert (await client.post("/tunes/1/vote", json={"value": value})).status == 400


async def test_again_keeps_everything_but_the_seed(client: Client, composer: FakeComposer) -> None:
    await say(client, "/compose key:Edor rhythm:jig temperature:1.4 form:AB:4 seed:7 count:3")
    composer.advance(1, State.DONE)
    assert (await client.post("/tunes/2/again", json={})).status == 202
    (_, first, _), (_, second, count) = composer.composed
    assert (replace(second, seed=7), count) == (first, 1)
    assert second.seed != 8


@pytest.mark.parametrize(("how", "kept"), [("parts", "the first part"), ("endings", "all but the endings")])
async def test_a_variation_says_what_it_keeps_and_comes_again(
    client: Client, composer: FakeComposer, store: FakeStore, how: str, kept: str
) -> None:
    await say(client, "/compose key:Edor rhythm:reel seed:7")
    composer.advance(1, State.DONE)
    response = await client.post("/tunes/1/vary", json={"how": how})
    assert response.status == 202
    prompt = await response.json()
    assert (prompt["command"], prompt["options"]) == (
        "Vary", [["tune", "The Silver Heron"], ["keep", kept], ["seed", "1007"]]
    )  # fmt: skip
    composer.advance(2, State.DONE)
    assert (await client.post("/tunes/2/again", json={})).status == 202
    (_, varied, _), (_, again, _) = composer.composed[1:]
    assert (again.vary, again.opening, replace(again, seed=varied.seed)) == (how, varied.opening, varied)
    assert [store.prompts[number].varied_from for number in (1, 2, 3)] == [None, 1, 1]


@pytest.mark.parametrize("body", [{}, {"how": 5}, {"how": "sideways"}, {"how": ""}])
async def test_other_ways_to_vary_are_refused(client: Client, composer: FakeComposer, body: dict[str, object]) -> None:
    await say(client, "/compose key:D")
    composer.advance(1, State.DONE)
    assert (await client.post("/tunes/1/vary", json=body)).status == 400
    assert (await client.post("/tunes/9/vary", json={"how": "parts"})).status == 404


async def test_a_prompt_is_cancelled_by_its_member_alone(
    server: TestServer, composer: FakeComposer, store: FakeStore
) -> None:
    async with visitor(server) as mine, visitor(server) as other:
        await say(mine, "/compose key:D")
        assert (await other.post("/prompts/1/cancel", json={})).status == 403
        assert (await mine.post("/prompts/1/cancel", json={})).status == 200
        assert (await mine.post("/prompts/9/cancel", json={})).status == 404
    assert store.prompts[1].state is State.CANCELLED


async def test_history_comes_a_screenful_at_a_time(client: Client) -> None:
    for _ in range(SCREENFUL + 5):
        await say(client, "/compose key:D")
    async with client.get("/events") as response:
        _, newest = await Stream(response).next()
    older = await (await client.get(f"/history?before={newest['prompts'][0]['id']}")).json()
    ids = [prompt["id"] for page in (older, newest) for prompt in page["prompts"]]
    assert ids == list(range(1, SCREENFUL + 6))
    assert (newest["earlier"], older["earlier"]) == (True, False)


@pytest.mark.parametrize("query", ["", "?before=", "?before=x", "?before=-1", f"?before={'9' * 40}", "?before=²"])
async def test_a_bad_id_before_which_to_begin_is_refused(client: Client, query: str) -> None:
    assert (await client.get(f"/history{query}")).status == 400


async def test_what_members_write_is_escaped_in_the_page(client: Client) -> None:
    _, answer = await say(client, "/compose key:<script>")
    assert "<script>" in answer["error"]  # as text: the page never makes markup of it
    for script in ("chat.js", "messages.js", "complete.js", "server.js"):
        source = await (await client.get(f"/static/{script}")).text()
        assert not any(danger in source for danger in ("innerHTML", "outerHTML", "insertAdjacentHTML", "eval("))
