import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from model.music.abc_writer import write as abc_of
from model.music.form import Form
from model.music.key import Key
from model.network import checkpoint
from model.network.checkpoint import Checkpoint
from model.prompt import Prompt
from model.retraining.finetune import SETTINGS
from model.retraining.protocol import TrainingExample
from model.retraining.simulated_preferences import few_notes
from model.sampling.sampler import Sampler, numbered
from tests.model.command_line import ROOT, is_one_line, model

JIG = Prompt(Key.parse("D"), "jig", form=Form("AB", 4), seed=500)


@pytest.fixture(scope="module")
def common(tmp_path_factory: pytest.TempPathFactory, small: Checkpoint, book: Path) -> list[str]:
    """The options that all runs have: a small network, few books, few tunes for the gate."""
    path = tmp_path_factory.mktemp("base") / "small.safetensors"
    checkpoint.write(path, small)
    network = ["--base", str(path), "--baseline", str(path)]
    return ["finetune", *network, "--corpus", str(book), "--composed", "12", "--nice", "0"]


@pytest.fixture(scope="module")
def votes(tmp_path_factory: pytest.TempPathFactory, sampler: Sampler) -> Path:
    """Forty short jigs; those with few notes are liked."""

    made = sampler.compose(numbered(JIG, 40))
    full = sorted(few_notes(one.normalized) for one in made)[20]
    path = tmp_path_factory.mktemp("votes") / "votes.jsonl"
    examples = (
        TrainingExample(n, abc_of(one.tune), "jig", 1.0 if few_notes(one.normalized) > full else -1.0)
        for n, one in enumerate(made)
    )
    path.write_text("".join(example.to_line() for example in examples))
    return path


def arguments(common: list[str], votes: Path, folder: Path, *more: str) -> list[str]:
    files = ["--votes", str(votes), "--out", str(folder / "c.safetensors"), "--report", str(folder / "report.json")]
    return [*common, *files, "--cache", str(folder / "cache"), *more]


def test_votes_become_a_candidate_and_a_report(common: list[str], votes: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "model", *arguments(common, votes, tmp_path, "--attached")]
    with (
        (tmp_path / "errors").open("w") as errors,
        subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as running,
    ):  # whoever started it holds its input open to the end
        assert running.stdout is not None
        said = [json.loads(line) for line in running.stdout]
        assert running.wait(timeout=120) == 0, (tmp_path / "errors").read_text()
    assert said[0] == {"stage": "reading", "done": 0, "of": 0, "loss": None, "test": None}
    assert [line["done"] for line in said if line["stage"] == "tuning"][-1] == SETTINGS.steps
    report = json.loads((tmp_path / "report.json").read_text())
    assert [test["name"] for test in report["tests"]] == [line["test"] for line in said if line["stage"] == "checking"]
    assert report["passed"] == all(test["passed"] for test in report["tests"])
    assert all(test["says"] for test in report["tests"])
    assert report["sha256"] == checkpoint.sha256(tmp_path / "c.safetensors")
    candidate = checkpoint.read(tmp_path / "c.safetensors")
    assert candidate.facts["tuned_on_votes"] == report["tunes"]
    assert Sampler(candidate).compose([JIG])[0].tune.bars


def test_bad_input_is_one_line_and_leaves_nothing(common: list[str], votes: Path, tmp_path: Path) -> None:
    few = tmp_path / "few.jsonl"
    few.write_text("".join(votes.read_text().splitlines(keepends=True)[:3]))
    for path, words in ((few, "at least 8 of each"), (tmp_path / "none.jsonl", "cannot read the votes")):
        ended = model(*arguments(common, path, tmp_path), timeout=120)
        assert ended.status == 2
        assert words in ended.err
        assert ended.err.count("\n") == 1
    assert not (tmp_path / "c.safetensors").exists()
    is_one_line(model(*arguments(common, votes, tmp_path, "--base", str(votes))), 1, "corrupt or not a")
    is_one_line(model(*arguments(common, votes, tmp_path, "--composed", "0")), 2, "count")


def test_it_ends_with_the_one_who_started_it(common: list[str], votes: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "model", *arguments(common, votes, tmp_path, "--attached")]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        assert running.stdin is not None
        assert json.loads(running.stdout.readline())["stage"] == "reading"
        began = time.monotonic()
        running.stdin.close()
        assert running.wait(timeout=120) == 143
        assert time.monotonic() - began < 10
    assert not (tmp_path / "c.safetensors").exists()
