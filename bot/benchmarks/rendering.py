"""What a tune's picture and sound cost."""

import asyncio
import statistics
import time

from bot.benchmarks.row import Row, at_most
from bot.render import KINDS, Renderer

TIMES = 15
GOAL = 300.0  # milliseconds of one core
_BAR = "DEFG ABAF|"
_TUNE = "X:1\nT:The Bench\nR:reel\nM:4/4\nL:1/8\nK:D\n" + (f"|:{_BAR * 7}d2 dc d4:|\n" * 2)  # 16 bars, played twice


def measure() -> list[Row]:
    """A tune of 32 bars as PNG, MIDI and MP3, in one process that is warm."""
    return asyncio.run(_measure())


async def _measure() -> list[Row]:
    rows = []
    async with Renderer() as renderer:
        await renderer.render(_TUNE)
        together = await _milliseconds(renderer, KINDS)
        rows.append(at_most("a tune of 32 bars: PNG, MIDI and MP3, median", together, GOAL, "ms"))
        for kind in KINDS:
            rows.append(Row(f"a tune of 32 bars: {kind}, median", await _milliseconds(renderer, (kind,)), "ms"))
    return rows


async def _milliseconds(renderer: Renderer, kinds: tuple[str, ...]) -> float:
    taken = []
    for _ in range(TIMES):
        began = time.perf_counter()
        await renderer.render(_TUNE, kinds)
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken)
