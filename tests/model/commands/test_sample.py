import re
from collections.abc import Callable
from pathlib import Path

import pytest

from model.music.abc_file import tune_texts
from model.music.abc_reader import parse
from model.music.form import Form
from model.music.key import Key
from model.music.parts import parts_of, well_formed
from model.network import checkpoint
from tests.model.command_line import Ended, is_one_line, model

OPTIONS = ("sample", "--key", "E dorian", "--rhythm", "reel", "--form", "AABB:4", "--threads", "1")


@pytest.fixture(scope="module")
def three() -> Ended:
    return model(*OPTIONS, "--count", "3", "--seed", "7")


def test_stdout_is_abc_and_nothing_else(three: Ended) -> None:
    assert three.status == 0
    texts = three.out.removesuffix("\n").split("\n\n")
    assert len(texts) == len(list(tune_texts(three.out))) == 3
    for number, text in enumerate(texts, start=1):
        fields = [line[:2] for line in text.splitlines() if re.match("[A-Z]:", line)]
        assert [field for field in fields if field != "Q:"] == ["X:", "T:", "R:", "M:", "L:", "K:"]
        assert text.startswith(f"X:{number}\nT:")
        assert well_formed(parse(text), Key.parse("Edor"), Form("AABB", 4)) == ""
    assert "R:reel" in three.out
    assert "K:Edor" in three.out


def test_the_last_line_on_stderr_has_counts_and_times(three: Ended) -> None:
    assert re.fullmatch(r"3 tunes, \d+ tokens, \d+\.\d\d s, \d+ tokens/s", three.err.splitlines()[-1])


def test_tune_i_has_seed_plus_i_and_is_the_same_alone(three: Ended) -> None:
    alone = model(*OPTIONS, "--count", "1", "--seed", "9")
    assert alone.out.replace("X:1", "X:3") == three.out.split("\n\n", 2)[2]
    assert alone.err.startswith("1 tune, ")


@pytest.mark.timeout(300)
def test_another_processor_gives_the_same_tunes(three: Ended, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without int8 products, with kernels compiled for other instructions and libraries told to use older ones."""
    compiled = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "", "NUMBA_CACHE_DIR": str(tmp_path)}
    libraries = {"ONEDNN_MAX_CPU_ISA": "SSE41", "MKL_CBWR": "COMPATIBLE", "ATEN_CPU_CAPABILITY": "default"}
    for name, value in (compiled | libraries).items():
        monkeypatch.setenv(name, value)
    assert model(*OPTIONS, "--count", "3", "--seed", "7", timeout=280).out == three.out


def test_abc2midi_reads_the_tunes_without_a_warning(three: Ended, abc2midi: Callable[[str], str]) -> None:
    assert abc2midi(three.out) == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--key", "H"], ["unknown key 'H'"]),
        (["--key", "D#lydianish"], ["unknown key"]),
        (["--key", "G#"], ["ask for Ab"]),
        (["--rhythm", "tango"], ["unknown rhythm 'tango'", "jig"]),
        (["--form", "ABBA"], ["unknown form 'ABBA'", "AABB"]),
        (["--form", "AABB:5"], ["unknown form"]),
        (["--temperature", "0"], ["temperature is 0", "0.1"]),
        (["--temperature=-1"], ["temperature is -1"]),
        (["--temperature", "9"], ["temperature is 9", "2.0"]),
        (["--temperature", "nan"], ["temperature is nan"]),
        (["--temperature", "hot"], ["temperature is hot"]),
        (["--count", "0"], ["count is 0"]),
        (["--count", "many"], ["count is many"]),
        (["--seed=-1"], ["seed is -1"]),
        (["--seed", "9999999999"], ["seed is 9999999999"]),
        (["--opening", "A" * 100_000], ["100000 characters"]),
        (["--vary", "sideways"], ["vary is sideways", "parts or endings"]),
        (["--vary", "parts"], ["nothing to vary", "opening"]),
    ],
    ids=lambda value: value[-1][:16] if isinstance(value, list) else "",
)
def test_bad_input_is_one_line_and_status_2(arguments: list[str], words: list[str]) -> None:
    key = () if arguments[0] == "--key" else ("--key", "D")
    is_one_line(model("sample", *key, *arguments), 2, *words)


def test_a_bad_opening_is_status_2() -> None:
    is_one_line(model(*OPTIONS, "--opening", "ABcd efga|AB|c8|"), 2, "bar 2 of the opening")


def test_an_opening_may_come_from_a_file_and_be_transposed(tmp_path: Path) -> None:
    file = tmp_path / "mine.abc"
    file.write_text("X:1\nT:Mine\nM:C|\nL:1/8\nK:Ador\nEAAB cBAG|\n")
    is_one_line(model(*OPTIONS, "--opening", str(file)), 2, "in Ador; the tune is to be in Edor", "have it transposed")
    transposed = model(*OPTIONS, "--opening", str(file), "--transpose", "--seed", "3")
    assert [note.pitch.midi for note in list(parse(transposed.out).notes)[:4] if note.pitch] == [59, 64, 64, 66]
    file.write_text("X:1\nK:D\nA\n\nX:2\nK:D\nB\n")
    is_one_line(model(*OPTIONS, "--opening", str(file)), 2, "mine.abc has 2 tunes")
    is_one_line(model(*OPTIONS, "--opening", str(tmp_path / "none.abc")), 2, "none.abc", "No such file")
    (tmp_path / "bad.abc").write_bytes(b"\xff\xfe\0")
    is_one_line(model(*OPTIONS, "--opening", str(tmp_path / "bad.abc")), 2, "bad.abc")


def test_a_tune_is_varied_in_its_own_rhythm_and_form(three: Ended, tmp_path: Path) -> None:
    file = tmp_path / "mine.abc"
    file.write_text(three.out.split("\n\n")[0])
    old = parts_of(parse(file.read_text()))
    for how in ("parts", "endings"):
        options = ("sample", "--key", "Edor", "--opening", str(file), "--vary", how, "--seed", "5", "--threads", "1")
        new = parts_of(parse(model(*options).out))
        assert (new[0] == old[0]) == (how == "parts")
        assert new[1] != old[1]
        assert new[0].bars[0] == old[0].bars[0]
        assert (new[1].bars[0] == old[1].bars[0]) == (how == "endings")


def test_a_missing_and_a_corrupt_checkpoint_are_status_1(tmp_path: Path) -> None:
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(checkpoint.SHIPPED.read_bytes()[:-1000])
    for path, words in ((tmp_path / "none", "no checkpoint at"), (cut, "is corrupt")):
        is_one_line(model("sample", "--key", "D", "--checkpoint", str(path)), 1, words)
