import json
from pathlib import Path

from model.commands.evaluate import UNKNOWN
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


def test_a_note_that_no_other_tune_of_the_file_has_is_scored(tmp_path: Path) -> None:
    rare = "X:99\nT:Rare\nR:jig\nM:6/8\nL:1/8\nK:D\n|:D>EF ^G2A|BAF D3:|\n|:d/e/f/g/a/b/ afd|efe d3:|\n"
    (tmp_path / "jigs.abc").write_text(jigs(55) + "\n" + rare)
    ended = model("evaluate", str(tmp_path / "jigs.abc"), "--json", "--threads", "1")
    assert ended.status == 0, ended.err
    found = json.loads(ended.out)
    assert (found["tunes_read"], found["tunes_scored"], found["not_scored"]) == (56, 56, {})


def test_what_is_not_scored_is_counted_by_its_reason(tmp_path: Path) -> None:
    unknown = "X:9\nT:Unknown\nR:jig\nM:6/8\nL:1/8\nK:D\n|:D,,,3 D3|^^g3 D3:|\n"
    voices = "X:10\nT:Voices\nM:6/8\nL:1/8\nK:D\nDEF&ABc|\n"
    (tmp_path / "mixed.abc").write_text("\n".join([jigs(2), unknown, voices]))
    ended = model("evaluate", str(tmp_path / "mixed.abc"), "--json", "--threads", "1")
    found = json.loads(ended.out)
    assert found["not_scored"] == {UNKNOWN: 1, "several voices": 1}
    assert (found["tunes_scored"], found["coverage"]) == (2, 0.5)
    assert "several voices" in model("evaluate", str(tmp_path / "mixed.abc"), "--threads", "1").out


def test_where_nothing_can_be_scored_the_status_is_1(tmp_path: Path) -> None:
    file = tmp_path / "some.abc"
    file.write_text("Dear all, here is no tune.\n")
    is_one_line(model("evaluate", str(file)), 1, f"no tune to score in {file}: no tune has a K: field and notes")
    file.write_text("X:1\nT:Voices\nM:6/8\nL:1/8\nK:D\nDEF&ABc|\n")
    is_one_line(model("evaluate", str(file), "--json"), 1, "no tune to score", "of 1 read, most often: several voices")
    file.write_text("X:9\nT:Unknown\nR:jig\nM:6/8\nL:1/8\nK:D\n|:D,,,3 D3|^^g3 D3:|\n")
    is_one_line(model("evaluate", str(file)), 1, "the checkpoint knows the notes of none of the 1 tunes")


def test_bad_input_is_one_line(tmp_path: Path) -> None:
    is_one_line(model("evaluate", "--count", "0"), 2, "count is 0")
    is_one_line(model("evaluate", "--temperature", "9"), 2, "temperature is 9")
    is_one_line(model("evaluate", "--seed", "-1"), 2, "seed is -1")
    is_one_line(model("evaluate", str(tmp_path / "none.abc")), 2, "no ABC file or folder")
    is_one_line(model("evaluate", "--checkpoint", str(tmp_path / "none")), 1, "none")
