"""Tuning on votes: what it changes, what it keeps, and what it refuses."""

import math
from dataclasses import replace

import pytest
import torch

from model.errors import CheckpointError, InputError, ModelError
from model.music.form import Form
from model.music.key import Key
from model.network import checkpoint
from model.network.checkpoint import Checkpoint
from model.prompt import Prompt
from model.retraining.finetune import TuningSettings, finetune
from model.retraining.likelihood import log_probabilities
from model.retraining.protocol import FEWEST
from model.retraining.voted_tunes import VotedTune
from model.sampling.sampler import Sampler, numbered

SHORT = Prompt(Key.parse("D"), "jig", form=Form("AB", 4), seed=100)


@pytest.fixture(scope="module")
def shipped() -> Checkpoint:
    return checkpoint.read(checkpoint.SHIPPED)


@pytest.fixture(scope="module")
def tunes(sampler: Sampler) -> list[VotedTune]:
    """Short jigs, every other one liked."""
    return [
        VotedTune(n, one.normalized, one.spelled, 1.0 if n % 2 else -1.0)
        for n, one in enumerate(sampler.compose(numbered(SHORT, 20)))
    ]


def test_liked_tunes_become_likelier_and_disliked_ones_less_so(shipped: Checkpoint, tunes: list[VotedTune]) -> None:
    spelled = [tune.tokens for tune in tunes]
    tuned = finetune(shipped, shipped, tunes, spelled[:2], settings=TuningSettings(steps=10))
    after, before = log_probabilities((tuned.checkpoint, shipped), spelled)
    gained = after - before
    liked = torch.tensor([tune.weight > 0 for tune in tunes])
    assert gained[liked].mean() > 0.2
    assert gained[~liked].mean() < -0.2
    assert len(tuned.losses) == 10
    assert tuned.losses[-1][1] < tuned.losses[0][1]


def test_the_change_is_scaled_down_until_the_corpus_costs_no_more_than_allowed(
    shipped: Checkpoint, tunes: list[VotedTune]
) -> None:
    book = [tune.tokens for tune in tunes if tune.weight < 0][:6]
    careless = TuningSettings(steps=6, rate=0.02, kl_weight=0.0)
    costs = []
    for most_cost in (0.015, 1.0):
        settings = replace(careless, most_cost=most_cost)
        tuned = finetune(shipped, shipped, tunes, book, settings=settings).checkpoint
        after, before = (float(found.sum()) for found in log_probabilities((tuned, shipped), book))
        costs.append(after / before - 1)
    assert 0 < costs[0] <= 0.0151
    assert costs[1] > 0.02


def test_only_the_output_layer_learns(shipped: Checkpoint, tunes: list[VotedTune]) -> None:
    tuned = finetune(shipped, shipped, tunes, [tunes[0].tokens], settings=TuningSettings(steps=2)).checkpoint
    changed = {name for name, weight in tuned.weights.items() if not torch.equal(weight, shipped.weights[name])}
    assert changed == {"output.weight", "output.bias"}


def test_the_same_seed_tunes_the_same(shipped: Checkpoint, tunes: list[VotedTune]) -> None:
    one, two, other = (
        finetune(
            shipped, shipped, tunes, [tunes[0].tokens], settings=TuningSettings(steps=3), seed=seed
        ).checkpoint.weights["output.weight"]
        for seed in (1, 1, 2)
    )
    assert torch.equal(one, two)
    assert not torch.equal(one, other)


def test_too_few_voted_tunes_are_refused(shipped: Checkpoint, tunes: list[VotedTune]) -> None:
    for few in (tunes[: 2 * FEWEST - 2], [replace(tune, weight=1.0) for tune in tunes]):
        with pytest.raises(InputError, match=f"at least {FEWEST} of each"):
            finetune(shipped, shipped, few, [tunes[0].tokens])


def test_a_checkpoint_of_characters_is_refused(shipped: Checkpoint, tunes: list[VotedTune]) -> None:
    seed = replace(shipped, preset="seed", vocabulary={"kind": "characters", "tokens": ["a"]})
    with pytest.raises(CheckpointError, match="writes characters"):
        finetune(seed, shipped, tunes, [tunes[0].tokens])


def test_a_loss_that_is_no_number_ends_the_tuning(shipped: Checkpoint, tunes: list[VotedTune]) -> None:
    broken = {**shipped.weights, "output.bias": torch.full_like(shipped.weights["output.bias"], math.nan)}
    with pytest.raises(ModelError, match="diverged at step 0"):
        finetune(replace(shipped, weights=broken), shipped, tunes, [tunes[0].tokens], settings=TuningSettings(steps=1))


def test_a_version_with_another_lstm_is_its_own_base(shipped: Checkpoint, tunes: list[VotedTune]) -> None:
    moved = {**shipped.weights, "lstm.bias_hh_l0": shipped.weights["lstm.bias_hh_l0"] + 0.01}
    tuned = finetune(
        replace(shipped, weights=moved), shipped, tunes, [tunes[0].tokens], settings=TuningSettings(steps=2)
    ).checkpoint
    assert torch.equal(tuned.weights["lstm.bias_hh_l0"], moved["lstm.bias_hh_l0"])
