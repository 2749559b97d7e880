"""What a trainer is asked to do, as arguments of `python -m model`."""

import argparse
from pathlib import Path

import pytest

from bot.workers.training_job import TrainingJob
from model.commands import finetune


@pytest.mark.parametrize("baseline", [None, Path("/data/first.safetensors")])
def test_its_arguments_are_those_of_the_command(baseline: Path | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    base, votes, out, report, cache = (Path(f"data/{name}") for name in ("base", "votes", "out", "report", "cache"))
    job = TrainingJob(base, votes, out, report, cache, seed=7, baseline=baseline)
    parser = argparse.ArgumentParser()
    finetune.add(parser.add_subparsers())
    options = parser.parse_args(job.arguments())
    assert (options.base, options.votes, options.out) == (Path("/data/base"), Path("/data/votes"), Path("/data/out"))
    assert (options.report, options.cache, options.baseline) == (Path("/data/report"), Path("/data/cache"), baseline)
    assert (options.seed, options.threads, options.attached) == (7, 1, True)
