from contextlib import suppress
from pathlib import Path

import pytest

from bot.core.errors import RenderError
from bot.render.sound.soundfont import SoundFont
from tests.bot.render.sound.small_soundfont import LENGTH, small_soundfont


@pytest.fixture(params=[False, True], ids=["SF2", "SF3"])
def font(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    path = tmp_path / "small.sf2"
    path.write_bytes(small_soundfont(73, compressed=request.param))
    return path


def test_a_program_has_its_zones_and_samples(font: Path) -> None:
    (zone,) = SoundFont(font).zones(73)
    assert (zone.keys, zone.velocities, zone.amount(54)) == ((0, 127), (0, 127), 1)
    sample = SoundFont(font).sample(zone.sample)
    assert (len(sample.wave), sample.rate, sample.loop, sample.root) == (LENGTH, 22050, (5000, 10000), 69)
    assert abs(sample.wave).max() == pytest.approx(12000 / 32768, rel=0.02)
    assert SoundFont(font).zones(40) == []


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.999])
def test_a_file_that_is_cut_short_is_refused_in_one_line(font: Path, share: float) -> None:
    data = font.read_bytes()
    font.write_bytes(data[: int(len(data) * share)])
    refused(font)


@pytest.mark.parametrize("data", [b"ID3" + bytes(5000), b"RIFF\x10\0\0\0WAVEfmt " + bytes(99), b"RIFF\4\0\0\0sfbk"])
def test_other_files_are_refused_in_one_line(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "other.sf2").write_bytes(data)
    refused(tmp_path / "other.sf2")


def test_a_file_that_is_not_there_and_a_folder_are_refused_in_one_line(tmp_path: Path) -> None:
    refused(tmp_path / "none.sf2")
    refused(tmp_path)


@pytest.mark.parametrize("place", range(0, 400, 7))
def test_damaged_tables_are_refused_or_read_but_never_a_traceback(tmp_path: Path, place: int) -> None:
    data = bytearray(small_soundfont(0))
    data[-place - 1] ^= 0xFF
    path = tmp_path / "damaged.sf2"
    path.write_bytes(data)
    with suppress(RenderError):
        font = SoundFont(path)
        for zone in font.zones(0):
            font.sample(zone.sample)


def refused(path: Path) -> None:
    with pytest.raises(RenderError) as refusal:
        SoundFont(path)
    assert str(path) in str(refusal.value)
    assert "\n" not in str(refusal.value)
