"""Throughput: measured over the last prompts."""

from bot.composing.throughput import Throughput


def test_the_throughput_is_that_of_the_last_prompts() -> None:
    throughput = Throughput()
    assert throughput.wait(0) is None
    for _ in range(1000):
        throughput.add(1000.0, at_once=1)
    for _ in range(50):
        throughput.add(8.0, at_once=4)
    assert (throughput.wait(0), throughput.wait(4)) == (2.0, 10.0)
