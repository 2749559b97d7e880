from pathlib import Path

from tests.model.command_line import is_one_line, model
from tests.model.random_corpora import jigs


def test_the_report_counts_what_became_of_the_tunes(tmp_path: Path) -> None:
    broken = "X:99\nT:Broken\nM:4/4\nL:1/8\nK:C\nC9|D8|]\n"
    (tmp_path / "book.abc").write_text(jigs(20) + "\n" + jigs(1) + "\n" + broken)
    ended = model("corpus", str(tmp_path / "book.abc"))
    assert ended.status == 0, ended.err
    assert ended.out.splitlines()[1].split()[:3] == ["book", "22", "20"]
    assert "dropped in book:    1  an exact copy" in ended.out
    assert "dropped in book:    1  bar n of a part is n long; the metre says n" in ended.out
    assert "20 tunes in 20 families" in ended.out


def test_a_book_of_noise_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "noise.abc").write_bytes(bytes(range(256)) * 100 + b"\nX:1\nK:D\n" + b"A" * 1_000_000)
    is_one_line(model("corpus", str(tmp_path)), 2, f"no tune to learn from in {tmp_path}; of 1 read, most often: ")


def test_bad_paths_are_one_line(tmp_path: Path) -> None:
    is_one_line(model("corpus", str(tmp_path / "nothing")), 2, "no ABC file or folder")
    is_one_line(model("corpus", str(tmp_path)), 2, "holds no .abc file")


def test_the_tunes_that_were_not_kept_are_listed_with_their_place(tmp_path: Path) -> None:
    voices = "X:98\nT:Two Voices\nM:4/4\nL:1/8\nK:C\nCDEF GABc|\nCDEF&GABc|\n"
    copy = jigs(1).replace("Jig 1", "The Same Again")
    (tmp_path / "book.abc").write_text("\n".join([jigs(2), copy, voices]))
    ended = model("corpus", str(tmp_path / "book.abc"), "--list")
    assert ended.status == 0, ended.err
    lines = ended.out.splitlines()
    book = tmp_path / "book.abc"
    assert lines[:2] == ["an exact copy: 1", f"  {book}:19  The Same Again"]
    assert lines[2:4] == ["several voices: 1", f"  {book}:28  Two Voices  line 34, column 5"]
    assert "dropped in book:    1  several voices" in lines
