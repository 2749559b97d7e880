"""What a tune's picture and sound cost, beside other programs, where those are installed."""

import asyncio
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.benchmarks.measurement import Measurement, at_most
from bot.render import KINDS, Renderer

GOAL = 300.0  # milliseconds of one core
_MUSE_SCORES = ("mscore", "musescore", "mscore3", "musescore3", "mscore4portable")
_BAR = "DEFG ABAF|"
_TUNE = "X:1\nT:The Bench\nR:reel\nM:4/4\nL:1/8\nK:D\n" + (f"|:{_BAR * 7}d2 dc d4:|\n" * 2)  # 16 bars, played twice


@dataclass(frozen=True)
class RenderingSize:
    """How often each way is timed, and how often each of the slow ways of others."""

    times: int = 15
    times_others: int = 3


SIZE = RenderingSize()


def measure(size: RenderingSize = SIZE) -> list[Measurement]:
    """A tune of 32 bars as PNG, MIDI and MP3, in one process that is warm."""
    ours = asyncio.run(_measure(size.times))
    png = next(each.ours for each in ours if ": png" in each.name)
    others = _others(size.times_others)
    return [
        *ours,
        *(Measurement(f"a tune of 32 bars: png, beside {name}", png, "ms", theirs) for name, theirs in others),
    ]


def _others(times: int) -> Iterator[tuple[str, float]]:
    """What other programs take for the picture, in milliseconds; each starts anew for each tune."""
    muse_score = next((path for name in _MUSE_SCORES if (path := shutil.which(name))), None)
    with tempfile.TemporaryDirectory(prefix="tunesmith-bench-") as folder:
        abc = Path(folder) / "tune.abc"
        abc.write_text(_TUNE)
        if muse_score:
            yield "music21, MusicXML and MuseScore", _median(lambda: _muse_score(muse_score, abc), times)
        if shutil.which("lilypond") and shutil.which("abc2ly"):
            yield "abc2ly and LilyPond", _median(lambda: _lilypond(abc), times)


def _median(draw: Callable[[], None], times: int) -> float:
    taken = []
    for _ in range(1 + times):
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


async def _measure(times: int) -> list[Measurement]:
    found = []
    async with Renderer() as renderer:
        await renderer.render(_TUNE)
        together = await _milliseconds(renderer, KINDS, times)
        found.append(at_most("a tune of 32 bars: PNG, MIDI and MP3, median", together, GOAL, "ms"))
        for kind in KINDS:
            median = await _milliseconds(renderer, (kind,), times)
            found.append(Measurement(f"a tune of 32 bars: {kind}, median", median, "ms"))
    return found


async def _milliseconds(renderer: Renderer, kinds: tuple[str, ...], times: int) -> float:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        await renderer.render(_TUNE, kinds)
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken)
