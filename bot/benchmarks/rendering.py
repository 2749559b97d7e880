"""What a tune's picture and sound cost, beside the ways that others draw, where those are installed."""

import asyncio
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bot.benchmarks.row import Row, at_most
from bot.render import KINDS, Renderer

TIMES = 15
FEW = 3  # of the slow ways of others
_MUSE_SCORES = ("mscore", "musescore", "mscore3", "musescore3", "mscore4portable")
GOAL = 300.0  # milliseconds of one core
_BAR = "DEFG ABAF|"
_TUNE = "X:1\nT:The Bench\nR:reel\nM:4/4\nL:1/8\nK:D\n" + (f"|:{_BAR * 7}d2 dc d4:|\n" * 2)  # 16 bars, played twice


def measure() -> list[Row]:
    """A tune of 32 bars as PNG, MIDI and MP3, in one process that is warm."""
    rows = asyncio.run(_measure())
    png = next(row.ours for row in rows if ": png" in row.name)
    return [*rows, *(Row(f"a tune of 32 bars: png, beside {name}", png, "ms", theirs) for name, theirs in _others())]


def _others() -> Iterator[tuple[str, float]]:
    """What others take for the picture, in milliseconds: each is a program that starts anew for each tune."""
    muse_score = next((path for name in _MUSE_SCORES if (path := shutil.which(name))), None)
    with tempfile.TemporaryDirectory(prefix="tunesmith-bench-") as folder:
        abc = Path(folder) / "tune.abc"
        abc.write_text(_TUNE)
        if muse_score:
            yield "music21, MusicXML and MuseScore", _median(lambda: _muse_score(muse_score, abc))
        if shutil.which("lilypond") and shutil.which("abc2ly"):
            yield "abc2ly and LilyPond", _median(lambda: _lilypond(abc))


def _median(draw: Callable[[], None]) -> float:
    taken = []
    for _ in range(1 + FEW):
        began = time.perf_counter()
        draw()
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken[1:])  # the first one finds everything cold


def _muse_score(program: str, abc: Path) -> None:
    import music21  # a benchmark's alone: the bot draws without it

    xml = music21.converter.parse(abc.read_text(), format="abc").write("musicxml", abc.with_suffix(".musicxml"))
    _run(program, "-o", str(abc.with_suffix(".png")), str(xml))


def _lilypond(abc: Path) -> None:
    _run("abc2ly", "-o", str(abc.with_suffix(".ly")), str(abc))
    _run("lilypond", "--png", "-o", str(abc.with_suffix("")), str(abc.with_suffix(".ly")))


def _run(*command: str) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60)


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
