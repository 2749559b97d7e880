"""`python -m bot bench` prints one row for each measurement, in the order of the benchmarks."""

import argparse
import json
from collections.abc import Iterator

import pytest

from bot.benchmarks import discord_latency, machines, members, page, rendering, retraining, storage
from bot.benchmarks.measurement import Measurement, at_most
from bot.commands import bench
from bot.core.config import Config

USUAL = ["page", "rendering", "members", "discord", "machines"]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each benchmark, which has tests of its own, measures one figure."""

    def one(name: str) -> object:
        def measure(*_: object) -> Iterator[Measurement]:
            yield at_most(name, 2, 4, "s")

        return measure

    for name, module in zip(
        [*USUAL, "retraining", "storage"],
        (page, rendering, members, discord_latency, machines, retraining, storage),
        strict=True,
    ):
        monkeypatch.setattr(module, "measure", one(name))
    monkeypatch.setattr(members, "endure", one("long run"))


@pytest.mark.parametrize("large", [False, True])
def test_json_is_one_list_of_rows(capsys: pytest.CaptureFixture[str], large: bool) -> None:
    assert bench.run(Config(), argparse.Namespace(json=True, large=large, config=None)) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == [*USUAL, *(["retraining", "long run", "storage"] if large else [])]
    assert rows[0] == {"name": "page", "ours": 2, "unit": "s", "baseline": 4, "goal": 1.0, "ratio": 2.0}


def test_without_json_it_is_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.run(Config(), argparse.Namespace(json=False, large=False, config=None)) == 0
    head, first, *others = capsys.readouterr().out.splitlines()
    assert head.split() == ["ours", "baseline", "ratio", "goal", "unit"]
    assert first.split() == ["page", "2", "4", "2", "1", "s"]
    assert len(others) == 4
