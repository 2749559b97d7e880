"""What a member on the chat page waits for."""

from bot.benchmarks.page import PageSize, measure


def test_a_bot_is_started_and_timed() -> None:
    found = {each.name: each.ours for each in measure(None, PageSize(one_by_one=1, at_once=2))}
    assert list(found) == [
        "from start to /health answering",
        "/compose to picture and sound, median",
        "memory of the bot process",
        "torch in the bot process",
        "memory of the worker",
        "finished tunes, 2 prompts queued at once",
    ]
    assert found.pop("torch in the bot process") == 0
    assert min(found.values()) > 0
    assert found["memory of the bot process"] < found["memory of the worker"]
