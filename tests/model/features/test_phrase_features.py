from model.features.phrase_features import phrase_features
from model.features.tune_features import features
from tests.model.evaluation.samples import normalized, random_tune


def test_every_tune_has_the_same_features_and_none_of_the_critics() -> None:
    names = list(phrase_features(random_tune(1)))
    assert all(list(phrase_features(tune)) == names for tune in (random_tune(2), normalized("z8|C8|]")))
    assert not set(names) & set(features(random_tune(1)))


def test_where_a_tune_lies_does_not_matter() -> None:
    low, high = normalized("CDEF GABG|C8|]"), normalized("cdef gabg|c8|]")
    assert phrase_features(low) == phrase_features(high)


def test_steps_runs_and_places() -> None:
    found = phrase_features(normalized("CDEF GEC2|CEGE C4|]"))
    assert found["step +1 then +1"] == 3 / 10
    assert found["arpeggios"] == 3 / 10
    assert found["chord tones at place 0"] == 1
    assert found["half bar 2 before"] == 0
