"""Log probabilities of tunes, and hidden states that are computed once for each LSTM."""

import math
from dataclasses import replace
from typing import Any

import pytest
import torch

from model.encoding.examples import inputs_and_targets
from model.encoding.part_plan import Plans
from model.encoding.tokenizer import decode
from model.music.form import Form
from model.music.key import Key
from model.network import checkpoint
from model.network.checkpoint import Checkpoint
from model.network.lstm import restored
from model.prompt import Prompt
from model.retraining import likelihood
from model.retraining.likelihood import HiddenStateCache, HiddenStates, log_probabilities
from model.retraining.replay import Tokens
from model.sampling.sampler import Sampler, numbered


@pytest.fixture(scope="module")
def shipped() -> Checkpoint:
    return checkpoint.read(checkpoint.SHIPPED)


@pytest.fixture(scope="module")
def spelled(sampler: Sampler) -> list[Tokens]:
    """Short jigs."""
    short = Prompt(Key.parse("D"), "jig", form=Form("AB", 4), seed=100)
    return [one.spelled for one in sampler.compose(numbered(short, 5))]


def test_probabilities_are_those_of_the_network(shipped: Checkpoint, spelled: list[Tokens], sampler: Sampler) -> None:
    network = restored(shipped.network, shipped.weights)
    inputs, targets = inputs_and_targets(spelled[3], sampler.vocabulary, network.config.inputs)
    with torch.inference_mode():
        logits = network(inputs[None])[0][0].log_softmax(-1)
    wanted = float(logits[torch.arange(len(targets)), targets].sum())
    wanted -= math.log(2) * Plans.from_facts(shipped.facts).bits(decode(spelled[3]))
    (found,) = log_probabilities([shipped], spelled)
    assert float(found[3]) == pytest.approx(wanted, abs=0.05)  # the LSTM reads in bfloat16 where that is native


def test_checkpoints_with_another_lstm_have_their_own_hidden_states(shipped: Checkpoint, spelled: list[Tokens]) -> None:
    moved = {**shipped.weights, "lstm.bias_hh_l0": shipped.weights["lstm.bias_hh_l0"] + 0.05}
    other = replace(shipped, weights=moved)
    one, two, again = log_probabilities((shipped, other, shipped), spelled)
    assert torch.equal(one, again)
    assert not torch.allclose(one, two)
    assert torch.equal(two, log_probabilities([other], spelled)[0])


def test_checkpoints_with_one_lstm_share_hidden_states(
    shipped: Checkpoint, spelled: list[Tokens], monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden_states = likelihood.hidden_states
    count: list[int] = []

    def counted(*arguments: Any) -> list[HiddenStates]:
        count.append(1)
        return hidden_states(*arguments)

    monkeypatch.setattr(likelihood, "hidden_states", counted)
    output = {**shipped.weights, "output.bias": shipped.weights["output.bias"] + torch.arange(355) / 100}
    moved = {**shipped.weights, "lstm.bias_hh_l0": shipped.weights["lstm.bias_hh_l0"] + 0.05}
    cache, tuned, other = HiddenStateCache(), replace(shipped, weights=output), replace(shipped, weights=moved)
    kept = log_probabilities([shipped, tuned], spelled, cache) + log_probabilities([tuned], spelled, cache)
    assert len(count) == 1
    assert torch.equal(kept[1], kept[2])
    assert not torch.allclose(kept[0], kept[1])
    log_probabilities([other], spelled, cache)
    log_probabilities([shipped], spelled[:2], cache)
    assert len(count) == 3
