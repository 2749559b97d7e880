"""How soon members on Discord are answered."""

from bot.benchmarks.discord_latency import DiscordSize, measure


def test_members_who_ask_at_once_are_all_answered() -> None:
    found = {each.name: each.ours for each in measure(None, DiscordSize(members=3))}
    name = "Discord, 3 members at once"
    assert found[f"{name}: unanswered"] == 0
    assert 0 < found[f"{name}: acknowledged, 99th percentile"] <= found[f"{name}: acknowledged, the last"]
    assert f"{name}: event loop late, 99th percentile" in found
