import re
from pathlib import Path

from tests.model.command_line import is_one_line, model

TUNES = """X:7
T:First
M:6/8
L:1/8
K:G
|:GBd gdB|cec dBG|FAF DEF|G6:|

X:8
T:Broken
M:6/8
L:1/8
K:G
GBd #
GBd|

X:9
T:Rests
M:6/8
L:1/8
K:G
z6|]

X:3
T:Last
M:3/4
L:1/8
K:Ador
A2 e2 d2|B2 G2 G2|A6|]
"""


def test_tunes_are_written_in_order_with_chords_and_bad_ones_named(tmp_path: Path) -> None:
    path = tmp_path / "tunes.abc"
    path.write_text(TUNES)
    ended = model("harmonize", str(path))
    assert ended.status == 1
    assert re.findall(r"^[XT]:.*$", ended.out, re.MULTILINE) == ["X:7", "T:First", "X:3", "T:Last"]
    assert re.sub(r'"[^"]*"| ', "", ended.out.split("\n\n")[0]).splitlines()[-1] == "|:GBdgdB|cecdBG|FAFDEF|G6:|"
    assert ended.out.count('"') > 8
    broken, rests = ended.err.splitlines()
    assert broken.startswith(f"error: {path}: X:8 Broken: line 13, column 5: ")
    assert rests.startswith(f"error: {path}: X:9 Rests: the tune has no notes")


def test_a_file_without_a_tune_or_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    empty = tmp_path / "empty.abc"
    empty.write_text("nothing\n")
    is_one_line(model("harmonize", str(empty)), 2, str(empty), "no tune")
    is_one_line(model("harmonize", str(tmp_path / "none.abc")), 2, "none.abc", "No such file")
