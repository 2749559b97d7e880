import json
from pathlib import Path

import pytest

from model.__main__ import main
from model.commands import books
from model.corpus.sources import path_source
from model.network import checkpoint
from model.network.checkpoint import Checkpoint
from tests.model.command_line import is_one_line, model
from tests.model.random_corpora import jigs


@pytest.fixture
def file(tmp_path: Path, small: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> str:
    """A checkpoint; the books are some jigs, which stand for Cobb's collection too."""
    (tmp_path / "cobb.abc").write_text(jigs(200))
    source = path_source(tmp_path / "cobb.abc")
    monkeypatch.setattr(books, "books", lambda: [source])
    monkeypatch.setattr(books, "cobb", lambda: source)
    checkpoint.write(tmp_path / "small.safetensors", small)
    return str(tmp_path / "small.safetensors")


def test_checkpoints_are_rows_of_one_table(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", file, file, "--count", "2", "--threads", "1"]) == 0
    title, names, *rows = capsys.readouterr().out.splitlines()
    assert title.startswith("bits per note on held-out tunes")
    assert names.split()[:3] == ["preset", "parameters", "steps"]
    assert len(rows) == 2
    assert rows[0] == rows[1]
    assert rows[0].startswith("trad")


def test_json_has_all_scores(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", file, "--count", "2", "--threads", "1", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["preset"] == "trad"
    assert min(row["validation_bits"], row["held_out_bits"], row["cobb_bits"]) > 2
    assert row["tunes"] == 2


def test_bad_input_is_one_line(tmp_path: Path) -> None:
    is_one_line(model("compare", str(checkpoint.SHIPPED), str(tmp_path / "none")), 1, "none")
    is_one_line(model("compare"), 2, "FILE")
    is_one_line(model("compare", str(checkpoint.SHIPPED), "--count", "x"), 2, "count is x")
