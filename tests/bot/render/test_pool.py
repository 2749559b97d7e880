import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import psutil
import pytest

from bot.core import logs
from bot.core.errors import RenderError
from bot.render import Renderer
from tests.bot.render.tunes import JIG, REEL

MAGIC = {"png": b"\x89PNG", "mid": b"MThd", "mp3": b"\xff", "abc": b"X:1"}


def processes() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "bot.render.process" in child.cmdline()]


@pytest.fixture(autouse=True)
def no_process_is_left() -> Iterator[None]:
    yield
    assert processes() == []


async def test_a_tune_comes_back_in_the_kinds_asked_for() -> None:
    async with Renderer() as renderer:
        everything = await renderer.render(JIG)
        assert {kind: data[: len(MAGIC[kind])] for kind, data in everything.items()} == MAGIC
        assert await renderer.render(JIG, ["mid"]) == {"mid": everything["mid"]}
        with pytest.raises(RenderError, match="wav"):
            await renderer.render(JIG, ["wav"])


async def test_bad_text_is_one_line_and_the_next_tune_is_rendered() -> None:
    async with Renderer() as renderer:
        for abc in ("", "hello", "X:1\nK:H\nabc|", "X:1\nK:D\n%%\nd/0|", "X:1\nM:4/4\nK:D\nd/1000|", "\ud83d", "\0"):
            with pytest.raises(RenderError) as refusal:
                await renderer.render(abc, ["png"])
            assert str(refusal.value)
            assert "\n" not in str(refusal.value)
        assert await renderer.render(REEL, ["mid"])


async def test_a_title_of_any_characters_is_rendered() -> None:
    async with Renderer() as renderer:
        assert await renderer.render(REEL.replace("Mason", "\ud83d\x01\0\ufffe&#1;<🎻>"))


async def test_tunes_are_rendered_side_by_side_and_not_mixed_up() -> None:
    async with Renderer(processes=2) as renderer:
        assert len(processes()) == 2
        jig, reel = (await renderer.render(JIG, ["mid"]), await renderer.render(REEL, ["mid"]))
        both = await asyncio.gather(*(renderer.render(abc, ["mid"]) for abc in (JIG, REEL) * 3))
        assert both == [jig, reel] * 3


async def test_a_process_that_died_is_replaced_without_a_word() -> None:
    async with Renderer() as renderer:
        processes()[0].kill()
        assert await renderer.render(REEL, ["mid"])


async def test_a_tune_whose_process_dies_under_it_has_a_second_try() -> None:
    async with Renderer() as renderer:
        (process,) = processes()
        process.send_signal(signal.SIGSTOP)
        waiting = asyncio.create_task(renderer.render(REEL, ["mid"]))
        await asyncio.sleep(0.1)
        process.kill()
        assert await waiting


async def test_a_hanging_render_times_out_and_the_next_one_works() -> None:
    async with Renderer(timeout=1) as renderer:
        processes()[0].send_signal(signal.SIGSTOP)
        with pytest.raises(RenderError, match="longer than"):
            await renderer.render(REEL, ["mid"])
        assert await renderer.render(REEL, ["mid"])


async def test_a_render_nobody_waits_for_gives_its_answer_to_nobody() -> None:
    async with Renderer() as renderer:
        abandoned = asyncio.create_task(renderer.render(JIG, ["mid"]))
        await asyncio.sleep(0.001)
        abandoned.cancel()
        with pytest.raises(asyncio.CancelledError):
            await abandoned
        assert b"Mason" in (await renderer.render(REEL, ["mid"]))["mid"]


async def test_a_render_nobody_waits_for_costs_no_process() -> None:
    async with Renderer() as renderer:
        (process,) = processes()
        for _ in range(3):
            abandoned = asyncio.create_task(renderer.render(JIG, ["mid"]))
            await asyncio.sleep(0.001)
            abandoned.cancel()
            await asyncio.gather(abandoned, return_exceptions=True)
        assert await renderer.render(REEL, ["mid"])
        assert processes() == [process]
        assert renderer.restarts == 0
        process.kill()
        assert await renderer.render(REEL, ["mid"])
        assert renderer.restarts == 1


async def test_closing_ends_a_process_that_hangs() -> None:
    async with Renderer() as renderer:
        processes()[0].send_signal(signal.SIGSTOP)
        waiting = asyncio.create_task(renderer.render(REEL, ["mid"]))
        await asyncio.sleep(0.1)
    with pytest.raises(RenderError):
        await waiting


async def test_ctrl_c_in_the_terminal_is_left_to_the_bot() -> None:
    async with Renderer() as renderer:
        (process,) = processes()
        process.send_signal(signal.SIGINT)
        assert await renderer.render(REEL, ["mid"])
        assert processes() == [process]


def test_a_bot_that_is_killed_leaves_no_process_behind() -> None:
    program = (
        "import asyncio, os, signal, psutil\n"
        "from bot.render import Renderer\n"
        "async def main():\n"
        "    async with Renderer():\n"
        "        print(psutil.Process().children()[0].pid, flush=True)\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    killed = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, timeout=120, check=False)
    assert killed.returncode == -signal.SIGKILL
    try:
        psutil.Process(int(killed.stdout)).wait(timeout=120)
    except psutil.NoSuchProcess:
        return


def test_the_bot_itself_loads_no_engraver() -> None:
    program = (
        "import sys, bot.render; print({'verovio', 'symusic', 'music21', 'numpy', 'lameenc'} & sys.modules.keys())"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout == b"set()\n"


async def test_what_nobody_foresaw_is_logged_with_its_traceback_under_the_prompt(
    lines: Callable[[], list[str]],
) -> None:
    logs.set_up("json", "info")
    logs.about(12)
    async with Renderer() as renderer:
        with pytest.raises(RenderError, match="could not be rendered"):
            await renderer.chart([("no number", 1.0)] * 2)  # type: ignore[list-item]
    (record,) = map(json.loads, lines())
    assert record["prompt"] == 12
    assert "Traceback" in record["message"]
    assert "TypeError" in record["message"]
