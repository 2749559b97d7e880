"""What a tune's picture and sound cost."""

from bot.benchmarks.rendering import RenderingSize, measure


def test_each_kind_is_timed_alone_and_all_together() -> None:
    found = [each for each in measure(RenderingSize(times=1, times_others=1)) if "png, beside" not in each.name]
    assert [each.name for each in found] == [
        "a tune of 32 bars: PNG, MIDI and MP3, median",
        *(f"a tune of 32 bars: {kind}, median" for kind in ("png", "mid", "mp3", "abc")),
    ]
    assert min(each.ours for each in found) > 0
