import json
from pathlib import Path

from tests.model.command_line import is_one_line, model
from tests.model.random_corpora import jigs


def test_files_are_scored(tmp_path: Path) -> None:
    (tmp_path / "jigs.abc").write_text(jigs(4))
    ended = model("evaluate", str(tmp_path / "jigs.abc"), "--json", "--threads", "1")
    assert ended.status == 0, ended.err
    found = json.loads(ended.out)
    assert found["tunes_read"] == 4
    assert found["coverage"] == 1
    assert found["bits_per_note"] > 2


def test_bad_input_is_one_line(tmp_path: Path) -> None:
    is_one_line(model("evaluate", "--count", "0"), 2, "count is 0")
    is_one_line(model("evaluate", "--temperature", "9"), 2, "temperature is 9")
    is_one_line(model("evaluate", "--seed", "-1"), 2, "seed is -1")
    is_one_line(model("evaluate", str(tmp_path / "none.abc")), 2, "no ABC file or folder")
    is_one_line(model("evaluate", "--checkpoint", str(tmp_path / "none")), 1, "none")
