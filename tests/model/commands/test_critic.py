import sys
from pathlib import Path

import pytest

from model.__main__ import main
from model.commands import books
from model.corpus.sources import path_source
from tests.model.random_corpora import jigs


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "jigs.abc").write_text(jigs(5))
    monkeypatch.setattr(books, "books", lambda: [path_source(tmp_path / "jigs.abc")])
    return tmp_path / "critic.safetensors"


@pytest.mark.parametrize(
    ("options", "message"), [(["--copies", "0"], "count is 0"), ([], "0 real tunes to learn from; at least 100")]
)
def test_bad_input_is_one_line(options: list[str], message: str, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["critic", "--write", str(out), "--threads", "1", *options]) == 2
    *_, line = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {message}")
    assert not out.exists()


def test_without_scikit_learn_it_says_what_to_install(
    out: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    assert main(["critic", "--write", str(out), "--threads", "1"]) == 2
    assert capsys.readouterr().err == "error: scikit-learn is not installed: pip install 'tunesmith[evaluate]'\n"
