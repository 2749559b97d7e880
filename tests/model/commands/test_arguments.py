import argparse
from pathlib import Path

import pytest

from model.commands.arguments import Parser, add_prompt_options, add_threads_option, opening_of, prompt_of, settings_of
from model.errors import InputError

REEL = (
    "X:1\nT:Mine\nR:reel\nM:C|\nL:1/8\nK:D\n"
    "|:DFAd fdAF|GBdB gdBG|ABcd efge|d4 d4:|\n|:fafd Adfa|gbge Begb|ABcd efge|d4 d4:|\n"
)


@pytest.mark.parametrize("typed", ["0", "-1", "two", "1.5", "9999", "", "²"])
def test_a_number_of_threads_is_a_small_whole_number(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    parser = Parser(prog="python -m model sample")
    add_threads_option(parser)
    with pytest.raises(SystemExit) as ended:
        parser.parse_args([f"--threads={typed}"])
    line = capsys.readouterr().err
    assert ended.value.code == 2
    assert "is no number of threads from 1 to 1024" in line
    assert line.count("\n") == 1


def test_threads_are_all_processors_unless_a_number_is_given() -> None:
    parser = argparse.ArgumentParser()
    add_threads_option(parser)
    assert parser.parse_args([]).threads >= 1
    assert parser.parse_args(["--threads", "2"]).threads == 2


def test_a_tune_has_a_rhythm_and_a_form_of_its_own() -> None:
    assert settings_of(REEL) == {"rhythm": "reel", "form": "AABB:4"}
    assert settings_of("hello") == settings_of("") == {}


def test_a_variation_is_of_its_tunes_rhythm_and_form_unless_options_name_others() -> None:
    parser = argparse.ArgumentParser()
    add_prompt_options(parser)
    options = ["--key", "D", "--seed", "1", "--opening", REEL]
    varied = prompt_of(parser.parse_args([*options, "--vary", "endings"]))
    assert (varied.rhythm, str(varied.form)) == ("reel", "AABB:4")
    other = prompt_of(parser.parse_args([*options, "--vary", "endings", "--rhythm", "jig", "--form", "AB"]))
    assert (other.rhythm, str(other.form)) == ("jig", "AB:8")
    begun = prompt_of(parser.parse_args([*options, "--rhythm", "jig"]))
    assert str(begun.form) == "AABB:8"


def test_an_opening_is_typed_or_in_a_file(tmp_path: Path) -> None:
    assert opening_of("EBBA|") == "EBBA|"
    path = tmp_path / "mine.abc"
    path.write_text(f"% my tunes\n\n{REEL}", encoding="utf-8-sig")
    assert opening_of(str(path)).strip() == REEL.strip()
    path.write_text(f"{REEL}\n{REEL}")
    with pytest.raises(InputError, match="has 2 tunes: keep the one to begin with"):
        opening_of(str(path))
    with pytest.raises(InputError, match=r"cannot read the opening from .*No such file"):
        opening_of(str(tmp_path / "none.abc"))
