import pytest

from model.encoding.tokenizer import NormalizedTune, spelled_on_c
from model.features.tune_features import features
from model.music.abc_reader import parse
from model.music.key import Key
from model.music.parts import parts_of
from model.music.tune import Tune, transpose
from model.network import checkpoint
from model.sampling import critic
from tests.model.evaluation.samples import normalized, random_tune


def test_the_shipped_critic_was_trained_on_these_features() -> None:
    assert list(features(random_tune(1))) == checkpoint.read(critic.SHIPPED).facts["features"]


def test_features_of_a_small_tune() -> None:
    found = features(normalized("|:C2 E2 G4|C2 E2 c4:|\nG8|C8|]"))
    assert found["degree 0"] == pytest.approx((2 + 2 + 4 + 8) / 32)
    assert found["strong degree 7"] == 1 / 4
    assert found["interval +4"] == 2 / 7
    assert found["length 24"] == 4 / 8
    assert found["notes a bar"] == 2
    assert found["lag 1 in rhythm"] == 2 / 3
    assert found["end of the last part, degree"] == 0
    assert found["end of the first part, height"] == 12
    assert found["parts with endings"] == 0


@pytest.mark.parametrize("key", ["D", "F#", "Bb", "Cb"])
def test_features_do_not_depend_on_the_key(key: str) -> None:
    tune = parse("X:1\nM:6/8\nL:1/8\nK:G\n|:D|GAB c^cd|edc B2A|GAB dBG|F3 G2:|\n|:B|d3 d2e|dBA G2D|EFG ABc|A3 G2:|\n")
    assert _features(transpose(tune, Key.parse(key))) == _features(tune)


def _features(tune: Tune) -> dict[str, float]:
    parts = spelled_on_c(parts_of(tune), tune.key)
    return features(NormalizedTune("jig", tune.metre.length, "6/8", "", parts))


def test_every_tune_has_the_same_features() -> None:
    strange = [normalized("z8|C8|]"), normalized("C8|]"), normalized("|:G2|(3CDE F2 z4|C6:|"), random_tune(1)]
    names = [list(features(one)) for one in strange]
    assert all(one == names[0] for one in names)
    assert all(isinstance(value, float | int) for one in strange for value in features(one).values())
