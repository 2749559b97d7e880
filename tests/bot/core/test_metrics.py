"""What a Prometheus server reads, and that no two bots share it."""

from pathlib import Path

import aiohttp
import pytest
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from bot.core.errors import Busy, RenderError
from bot.core.metrics import Metrics
from bot.core.values import State
from bot.web import create_app, serve
from bot.web.metrics import metrics_route
from model.worker.protocol import Event
from tests.bot.running_bot import new_prompt, reached, running_bot
from tests.command_line import free_port


def read(metrics: Metrics) -> dict[str, float]:
    """Every sample by its name, with the labels that tell the kind and the version."""
    text, _ = metrics.exposition()
    return {
        " ".join([sample.name.removeprefix("tunesmith_"), *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


async def test_the_way_of_a_prompt_is_measured(tmp_path: Path) -> None:
    async with running_bot(tmp_path / "tunesmith.db", at_once=1, limit=1) as bot:
        bot.renderer.go.clear()
        updates = bot.composer.subscribe()
        first = await bot.ask(new_prompt(), count=2)
        await reached(updates, State.RENDERING, first)
        second = await bot.ask(new_prompt("fail"))
        with pytest.raises(Busy):
            await bot.ask(new_prompt())
        busy = read(bot.composer.metrics)
        assert (busy["queue_length"], busy["prompts_in_work"], busy["refusals_total"]) == (1, 1, 1)
        bot.renderer.go.set()
        await reached(updates, State.FAILED, second)
        bot.renderer.error = RenderError("no")
        await bot.finished(new_prompt())
        bot.renderer.error = ZeroDivisionError("a bug")
        await bot.finished(new_prompt())
        after = read(bot.composer.metrics)
    assert after["tunes_total 1"] == 2
    assert {name: value for name, value in after.items() if name.startswith("failures_total")} == {
        "failures_total worker": 1,
        "failures_total render": 1,
        "failures_total unexpected": 1,
    }
    assert [after[f"{name}_seconds_count"] for name in ("wait", "compose", "render", "prompt")] == [4, 4, 4, 1]


def test_what_the_worker_says_is_measured() -> None:
    metrics = Metrics()
    metrics.on_event(Event("", "batch", jobs=12, tokens=1500, seconds=0.5))
    metrics.on_event(Event("", "alive", jobs=3, memory=400))
    samples = read(metrics)
    assert (samples["batch_tunes_sum"], samples["tokens_total"], samples["tokens_per_second"]) == (12, 1500, 3000)
    assert (samples["worker_memory_mebibytes"], samples["worker_jobs"]) == (400, 3)


def test_of_workers_elsewhere_nothing_is_said_that_only_ones_own_would_tell() -> None:
    metrics = Metrics(own_worker=False)
    metrics.on_event(Event("", "batch", jobs=12, tokens=1500, seconds=0.5))
    assert not any(name.startswith(("batch", "tokens", "worker")) for name in read(metrics))
    assert "wait_seconds_count" in read(metrics)


def test_two_bots_share_nothing_with_each_other_or_the_process() -> None:
    first, second = Metrics(), Metrics()
    first.refused()
    assert (read(first)["refusals_total"], read(second)["refusals_total"]) == (1, 0)
    assert not any(family.name.startswith("tunesmith") for family in REGISTRY.collect())


async def test_the_page_serves_them_to_this_machine_alone(tmp_path: Path) -> None:
    async with running_bot(tmp_path / "tunesmith.db") as bot:
        app = create_app(bot.composer, bot.composer.library)
        app.add_routes([metrics_route(bot.composer.metrics.exposition)])
        port = free_port()
        runner = await serve(app, "127.0.0.1", port)
        try:
            async with aiohttp.ClientSession() as client:
                async with client.get(f"http://127.0.0.1:{port}/metrics") as answer:
                    assert answer.status == 200
                    assert answer.headers["Content-Type"].startswith("text/plain; version=")
                    assert "tunesmith_queue_length 0.0" in await answer.text()
                async with client.get(f"http://127.0.0.1:{port}/metrics", headers={"Host": "evil.example"}) as answer:
                    assert answer.status == 421
        finally:
            await runner.cleanup()
