import dataclasses
from pathlib import Path

import pytest

from model.corpus.build import build
from model.corpus.sources import path_source
from model.evaluation.bits import Side
from model.evaluation.compare import bars_of_text, bars_of_tokens, free_tunes, score
from model.network.checkpoint import Checkpoint
from model.network.presets import LOOKBACK, PLAIN, SEED, TRAD, Preset
from model.training.dataset import prepare
from tests.model.random_corpora import jigs
from tests.model.tunes import words

HEADER = "R:reel M:4/4 K:maj F:AABB"


@pytest.mark.parametrize(
    ("tokens", "right", "bars", "well_formed"),
    [
        (f"{HEADER} |: bars=2 pickup=0 C8 | C8 |]", 4, 4, True),
        (f"{HEADER} |: bars=2 pickup=2 G2 | C8 | C6 |: bars=2 pickup=2 G2 | C8 | C6 |]", 12, 12, True),
        (f"{HEADER} |: bars=2 pickup=0 C8 | C7 |]", 2, 4, False),
        (f"{HEADER} |: bars=2 pickup=2 G2 | C8 | C8 |]", 4, 6, False),
        (f"{HEADER} |: bars=2 pickup=0 C8 [1 D8 [2 E8 |]", 4, 4, True),
        (f"{HEADER} |: bars=2 pickup=0 C8 | C8", 0, 2, False),
        (f"{HEADER} |: bars=2 pickup=0 C8 M:4/4 | C8 |]", 0, 3, False),
        (f"{HEADER} |: bars=2 pickup=0 |]", 0, 2, False),
        ("|] |] |] |]", 0, 4, False),
    ],
)
def test_bars_of_tokens_are_counted(tokens: str, right: int, bars: int, well_formed: bool) -> None:
    found = bars_of_tokens(words(tokens))
    assert (found.right, found.well_formed) == (right, well_formed)
    assert found.all == bars or not right


def test_bars_of_text_are_counted() -> None:
    head = "X:1\nM:4/4\nL:1/8\nK:C\n"
    assert bars_of_text(head + "|:C8|D8:|") == (4, 4, True)
    assert bars_of_text(head + "|:C8|D7:|") == (2, 4, False)
    assert bars_of_text(head + "C4|D4|E8|]") == (1, 3, False)  # two halves of a bar inside a part are two wrong bars
    assert bars_of_text("C8|D8|") == (0, 2, False)
    assert bars_of_text("") == (0, 0, False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "jigs.abc").write_text(jigs(200))
    return tmp_path / "jigs.abc"


def untrained(preset: Preset, file: Path) -> Checkpoint:
    narrow = dataclasses.replace(preset, widths=(4,) * len(preset.widths), hidden=8, batch=4, seq_length=50)
    prepared = prepare(narrow, [path_source(file)])
    return Checkpoint(
        preset.name, prepared.network.config.to_json(), weights=prepared.network.state_dict(), **prepared.header
    )


@pytest.mark.parametrize("preset", [PLAIN, LOOKBACK, TRAD, SEED], ids=lambda preset: preset.name)
def test_networks_of_any_inputs_are_scored(preset: Preset, file: Path) -> None:
    built = build([path_source(file)])
    split = Side(tuple(built.split("held-out")[:3]), tuple(built.split("held-out")[:2]))
    found = score(untrained(preset, file), split, split, count=4)
    assert found.preset == preset.name
    assert (found.held_out_bits is None) == (preset is SEED)
    assert found.cobb_bits is not None
    assert found.cobb_bits > 1
    assert 0 <= found.bars_right <= 1
    assert found.to_json()["well_formed"] == found.well_formed


def test_free_tunes_begin_with_their_headers_and_depend_on_the_seed_alone(file: Path) -> None:
    checkpoint = untrained(TRAD, file)
    headers = [["R:jig", "M:6/8", "K:maj", "F:AABB"]] * 3
    tunes = free_tunes(checkpoint, headers, seed=1)
    assert [tune[:4] for tune in tunes] == headers
    assert tunes == free_tunes(checkpoint, headers, seed=1)
    assert tunes != free_tunes(checkpoint, headers, seed=2)
    assert all(tune.count("|]") == (tune[-1] == "|]") for tune in tunes)
