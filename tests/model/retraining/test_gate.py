"""The tests of the gate, each alone and all together."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch

from model.encoding.vocabulary import Vocabulary
from model.errors import InputError
from model.music.form import Form
from model.music.key import Key
from model.network import checkpoint
from model.network.checkpoint import Checkpoint
from model.prompt import Prompt
from model.retraining import gate
from model.retraining.gate import (
    TESTS,
    Composition,
    Gate,
    bits_per_note,
    bootstrap,
    compose,
    diversity,
    margin,
    originality,
    well_formed,
    within_rhythms,
)
from model.retraining.simulated_preferences import few_notes
from model.retraining.voted_tunes import VotedTune
from model.sampling.originality import Index
from model.sampling.sampler import Sampler, numbered
from tests.model.evaluation.samples import composed, random_tune


@pytest.fixture(scope="module")
def shipped() -> Checkpoint:
    return checkpoint.read(checkpoint.SHIPPED)


def noisy(one: Checkpoint, much: float) -> Checkpoint:
    """The same network with its output layer shaken."""
    weight = one.weights["output.weight"]
    shaken = weight + much * torch.randn(weight.shape, generator=torch.Generator().manual_seed(0))
    return replace(one, weights={**one.weights, "output.weight": shaken})


def voted(sampler: Sampler, weights: list[float]) -> list[VotedTune]:
    return [
        VotedTune(n, one.normalized, one.spelled, w)
        for n, (one, w) in enumerate(zip(composed(sampler), weights, strict=False))
    ]


def test_bits_per_note_may_hardly_rise(shipped: Checkpoint, sampler: Sampler) -> None:
    tunes = [one.spelled for one in composed(sampler)]
    assert bits_per_note(shipped, shipped, tunes).passed
    worse = bits_per_note(noisy(shipped, 0.1), shipped, tunes)
    assert not worse.passed
    assert worse.value > worse.limit
    assert "at most +2%" in worse.says


def test_a_margin_needs_held_out_tunes_of_both_kinds(shipped: Checkpoint, sampler: Sampler) -> None:
    few = margin(shipped, shipped, voted(sampler, [1.0] * 9 + [-1.0] * 3))
    assert not few.passed
    assert "too few to tell" in few.says


def test_nothing_learned_is_no_margin(shipped: Checkpoint, sampler: Sampler) -> None:
    same = margin(shipped, shipped, voted(sampler, [1.0, -1.0] * 6))
    assert (same.passed, same.value) == (False, 1.0)


def test_liked_tunes_that_gain_are_a_margin_and_disliked_ones_that_gain_are_none(
    shipped: Checkpoint, sampler: Sampler
) -> None:
    made = sampler.compose(numbered(Prompt(Key.parse("D"), "jig", form=Form("AB", 4), seed=500), 24))
    full = sorted(few_notes(one.normalized) for one in made)[12]
    tunes = [
        VotedTune(n, m.normalized, m.spelled, 1.0 if few_notes(m.normalized) > full else -1.0)
        for n, m in enumerate(made)
    ]
    candidate = leaning(shipped, tunes)
    grown = margin(candidate, shipped, tunes)
    assert (grown.passed, grown.value < gate.ALPHA) == (True, True)
    shrunk = margin(candidate, shipped, [replace(tune, weight=-tune.weight) for tune in tunes])
    assert (shrunk.passed, shrunk.value > 0.99) == (False, True)
    assert not margin(candidate, candidate, tunes).passed, "the one in use has learned as much"


def leaning(one: Checkpoint, tunes: Sequence[VotedTune]) -> Checkpoint:
    """The same network, to which the tokens of liked tunes are likelier, and those of disliked ones less so."""
    ids, bias = Vocabulary.from_json(one.vocabulary).ids, one.weights["output.bias"].clone().float()
    for tune in tunes:
        for token in tune.tokens:
            bias[ids[token]] += tune.weight / len(tune.tokens) / len(tunes)
    return replace(one, weights={**one.weights, "output.bias": bias})


def test_bits_are_weighed_against_version_1_so_that_losses_do_not_add_up(shipped: Checkpoint, sampler: Sampler) -> None:
    worse, tunes = noisy(shipped, 0.1), voted(sampler, [1.0, -1.0] * 6)
    held = Gate(worse, shipped, tunes, [tunes[0].tokens], Index.load(), lambda: (1.0, 1.0))
    _, bits = islice(held.tests(worse), 2)
    assert (bits.name, bits.passed) == ("bits_per_note", False)


def test_one_wrong_tune_fails(sampler: Sampler) -> None:
    made = composed(sampler)[:9]
    assert well_formed(Composition.of(made, 9)).passed
    wrong_key = replace(made[0], prompt=replace(made[0].prompt, key=Key.parse("Gdor")))
    wrong = well_formed(Composition.of([wrong_key, *made[1:]], 9))
    assert (wrong.passed, wrong.value, wrong.says) == (False, 8, "1 of 9 tunes wrong")
    assert not well_formed(Composition.of(made, 10)).passed, "one did not come out"


def test_what_a_whole_rhythm_gains_is_no_margin() -> None:
    gained = np.array([5.0, 6.0, 1.0, 2.0, 9.0])
    found = within_rhythms(gained, ["reel", "reel", "jig", "jig", "air"])
    assert found.tolist() == [-0.5, 0.5, -0.5, 0.5, 0.0]
    assert gained[0] == 5.0


def test_a_bootstrap_tells_a_difference_from_chance() -> None:
    rng = np.random.default_rng(0)
    far = bootstrap(rng.normal(1, 1, 40), rng.normal(0, 1, 60))
    assert far[1] < 0.001
    assert far[0] == pytest.approx(1, abs=0.4)
    same = [bootstrap(rng.normal(0, 1, 40), rng.normal(0, 1, 60))[1] for _ in range(200)]
    assert np.mean(np.array(same) < 0.05) == pytest.approx(0.05, abs=0.05)
    assert bootstrap(rng.normal(0, 1, 40), rng.normal(1, 1, 60))[1] > 0.99


def test_likelihoods_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(InputError, match="no numbers"):
        bootstrap(np.array([np.nan, 1.0]), np.array([1.0]))


def test_a_poorer_set_fails_for_diversity() -> None:
    many = Composition(tuple(random_tune(seed) for seed in range(30)), 30, 30, 0.0)
    few = Composition(tuple(random_tune(seed % 3) for seed in range(30)), 30, 30, 0.0)
    assert diversity(many, many.diversity).passed
    poor = diversity(few, many.diversity)
    assert not poor.passed
    assert poor.value < 0.6


def test_a_tune_it_was_tuned_on_is_a_known_tune() -> None:
    tunes = tuple(random_tune(seed) for seed in range(6))
    fresh = [VotedTune(n, random_tune(100 + n), (), 1.0) for n in range(6)]
    assert originality(Composition(tunes, 6, 6, 0.3), fresh).passed
    copied = [*fresh, VotedTune(7, random_tune(2), (), 1.0)]
    assert originality(Composition(tunes, 6, 6, 0.3), copied).value == pytest.approx(1.0)
    assert not originality(Composition(tunes, 6, 6, 0.3), copied).passed
    assert not originality(Composition(tunes, 6, 6, 0.9), fresh).passed


def test_the_gate_asks_all_its_tests_of_every_candidate(shipped: Checkpoint, sampler: Sampler) -> None:
    index, begun = Index.load(), list[str]()
    tunes = voted(sampler, [1.0, -1.0] * 6)
    base = compose(shipped, index, 12).diversity
    held = Gate(shipped, shipped, tunes, [tunes[0].tokens], index, lambda: base, composed=12, on_test=begun.append)
    found = list(held.tests(shipped))
    assert [test.name for test in found] == begun == list(TESTS)
    assert {test.name for test in found if not test.passed} == {
        "margin",
        "originality",
    }  # it composes the voted tunes
    assert found[0].to_json().keys() == {"name", "value", "limit", "passed", "says"}
