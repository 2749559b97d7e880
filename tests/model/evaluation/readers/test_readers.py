from collections.abc import Callable, Sequence

import pytest

from model.evaluation.readers import abc2midi as abc2midi_reader
from model.evaluation.readers import abcjs as abcjs_reader
from model.evaluation.readers.readers import READERS, share_read
from model.music.abc_writer import write
from model.sampling.sampler import Sampler
from tests.model.evaluation.samples import composed

HEADER = "X:1\nT:Tune\nM:C|\nL:1/8\nK:D\n"
WHOLE = HEADER + "|:EB|BA B2 EBAB|(3ABc BA B2 dB|A4 B4|[1 E6:|\n[2 E6||\n|:EB|BA B2 EBA2|c>d ^c2 =c3 D|A4 B4|E6:|\n"
WRONG = {
    "a bar too long": WHOLE.replace("EBAB|", "EBABc|"),
    "a bar too short": WHOLE.replace("EBA2|", "EBA|"),
    "no key": "X:1\nT:Tune\nM:4/4\nABcd|\n",
    "no tune": "hello",
    "nothing": "",
}


@pytest.fixture(params=READERS)
def read(request: pytest.FixtureRequest) -> Callable[[Sequence[str]], list[str]]:
    """One reader after another; skips what is not installed."""
    reader = READERS[request.param]
    if reader([]) is None:
        pytest.skip(f"{request.param} is not installed")
    return lambda texts: reader(texts) or []


def test_a_right_tune_has_no_fault(read: Callable[[Sequence[str]], list[str]]) -> None:
    assert read([WHOLE]) == [""]
    assert read([]) == []


def test_composed_tunes_have_no_fault(read: Callable[[Sequence[str]], list[str]], sampler: Sampler) -> None:
    assert set(read([write(one.tune) for one in composed(sampler)])) == {""}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_tune_has_a_fault_and_its_neighbours_none(
    read: Callable[[Sequence[str]], list[str]], wrong: str
) -> None:
    first, fault, *others = read([WHOLE, WRONG[wrong], WHOLE, WHOLE])
    assert [first, *others] == ["", "", ""]
    assert fault


def test_a_last_bar_that_leaves_no_room_for_the_pickup_is_a_fault() -> None:
    full = WHOLE.replace("E6:|\n[2", "E8:|\n[2")
    for name in ("music21", "abcjs"):  # abc2midi lets a part's last bar be of any length
        faults = READERS[name]([full])
        assert faults is None or "the metre says 1" in faults[0], name


def test_readers_that_are_not_installed_return_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    abcjs_reader.abcjs_folder.cache_clear()
    try:
        assert abc2midi_reader.abc2midi_faults([WHOLE]) is None
        assert abcjs_reader.abcjs_faults([WHOLE]) is None
    finally:
        abcjs_reader.abcjs_folder.cache_clear()


def test_the_share_of_tunes_without_a_fault() -> None:
    assert share_read(["", "wrong"]) == 0.5
    assert share_read([]) == 0
