"""Compiled functions on one small row; test_decoder compares them with torch's operations and with a plain loop."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from model.encoding.inputs import GROUPS, INPUTS, LOOKBACK_BARS, columns_of
from model.network.lstm import NetworkConfig
from model.prompt import parse_prompt
from model.sampling import decoder_kernels, detokenize
from model.sampling.decoder import Decoder
from model.sampling.decoder_arrays import InputColumns
from model.sampling.decoder_kernels import CADENCE, RETRIES, pick
from model.sampling.grammar import Grammar
from model.sampling.sampler import Sampler
from model.sampling.sequence_state import SequenceState
from tests.model.tunes import words

HEADER = words("R:polka M:2/4 K:maj F:AB")


@dataclass
class FixedLogits:
    """A Stepper whose logits are those that a test sets."""

    config: NetworkConfig
    logits: torch.Tensor
    device = torch.device("cpu")
    compiled = True

    def zeros(self, rows: int) -> torch.Tensor:
        return torch.zeros(1, 2, rows, 1)

    def step(self, inputs: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        self.inputs = inputs.clone()
        state += 1
        return self.logits.clone()


@pytest.fixture
def stepper(sampler: Sampler) -> FixedLogits:
    size = len(sampler.vocabulary)
    config = NetworkConfig(size, (1,) * len(INPUTS), (1,) * len(INPUTS), 1, inputs=INPUTS, copies=True)
    return FixedLogits(config, torch.zeros(1, size))


@pytest.fixture
def grammar(sampler: Sampler) -> Grammar:
    return Grammar(sampler.vocabulary, detokenize.rules(parse_prompt("C", "polka", form="AB:4"), sampler.vocabulary))


def decoder(stepper: FixedLogits, grammar: Grammar, tokens: str) -> Decoder:
    """A decoder of one tune that begins with these tokens; the middle of the distribution is drawn next."""
    ids = grammar.vocabulary.encode(words(tokens))
    sequence = SequenceState(grammar, 1.0, np.full(2000, 0.5), ids, plan=(7, 9))
    made = Decoder(stepper, [sequence])  # type: ignore[arg-type]
    for _ in ids[1:]:
        made.step()
    assert made.ids(0) == ids
    return made


PART = "[| bars=4 pickup=0"
BEGUN = f"{' '.join(HEADER)} {PART} C E G c | C E"


def test_there_is_a_column_for_each_group_of_inputs() -> None:
    assert InputColumns._fields == tuple(name.replace(" ", "_") for name in GROUPS)


def test_inputs_are_gathered_by_their_columns(stepper: FixedLogits, grammar: Grammar, sampler: Sampler) -> None:
    decoder(stepper, grammar, BEGUN).step()
    seen = dict(zip(INPUTS, stepper.inputs[0].tolist(), strict=True))
    ids = sampler.vocabulary.ids
    assert seen["token"] == ids["E"]
    assert seen["position"] == 2 * 12 + 1
    assert seen["place"] == 1 + 2
    assert [seen[f"back {bars}"] for bars in LOOKBACK_BARS] == [ids["G"] + 1, 0, 0, 0, 0, 0]
    assert [seen[f"run {bars}"] for bars in LOOKBACK_BARS] == [2, 0, 0, 0, 0, 0]
    assert seen["plan"] == 7


def test_only_wanted_columns_are_given(stepper: FixedLogits, grammar: Grammar, sampler: Sampler) -> None:
    stepper.config = NetworkConfig(len(sampler.vocabulary), (1, 1), (1, 1), 1, inputs=("plan", "token"))
    decoder(stepper, grammar, BEGUN).step()
    assert stepper.inputs.tolist() == [[7, sampler.vocabulary.ids["E"]]]
    assert columns_of(("plan", "token")) == [INPUTS.index("plan"), 0]


def test_a_forbidden_token_is_never_drawn(stepper: FixedLogits, grammar: Grammar, sampler: Sampler) -> None:
    tune = decoder(stepper, grammar, BEGUN)
    stepper.logits[0, sampler.vocabulary.ids["C8"]] = 50  # longer than the bar
    stepper.logits[0, sampler.vocabulary.ids["A"]] = 40
    tune.step()
    assert sampler.vocabulary.decode(tune.ids(0)[-1:]) == ["A"]


def test_a_repetition_that_has_begun_is_preferred(stepper: FixedLogits, grammar: Grammar, sampler: Sampler) -> None:
    ids, tune = sampler.vocabulary.ids, decoder(stepper, grammar, BEGUN)
    stepper.logits[:] = -50
    stepper.logits[0, [ids["G"], ids["A"]]] = 0  # G stands here a bar before
    tune._uniform[:] = 0.45 if ids["A"] < ids["G"] else 0.55  # A without the preference
    tune.step()
    assert tune.ids(0)[-1] == ids["G"]


LAST_BAR = f"{' '.join(HEADER)} {PART} C4 | C4 | C4 | C4 {PART} C4 | C4 | C4 |"


def test_a_last_bar_off_the_tonic_is_drawn_again_and_then_made_to_end_on_it(
    stepper: FixedLogits, grammar: Grammar, sampler: Sampler
) -> None:
    ids, tune = sampler.vocabulary.ids, decoder(stepper, grammar, LAST_BAR)
    stepper.logits[:] = -50
    stepper.logits[0, ids["D4"]], stepper.logits[0, ids["C4"]] = 0, -20
    length, state = len(tune.ids(0)), tune._state.clone()
    for retry in range(1, RETRIES + 1):
        tune.step()
        assert len(tune.ids(0)) == length
        assert int(tune._retries[0]) == retry
        assert torch.equal(tune._state, state)
    tune.step()
    assert tune.ids(0)[-1] == ids["C4"]
    assert not tune.ended()
    tune.step()
    assert tune.ended() == [0]


def test_a_note_that_fills_the_last_bar_is_preferred(stepper: FixedLogits, grammar: Grammar, sampler: Sampler) -> None:
    ids, tune = sampler.vocabulary.ids, decoder(stepper, grammar, LAST_BAR)
    stepper.logits[:] = -50
    stepper.logits[0, ids["C4"]] = -CADENCE + 0.1
    stepper.logits[0, ids["C2"]] = 0
    tune._uniform[:] = 0.5
    tune.step()
    assert tune.ids(0)[-1] == ids["C4"]


def test_the_probability_that_masks_take_is_measured(grammar: Grammar, stepper: FixedLogits, sampler: Sampler) -> None:
    ids = sampler.vocabulary.encode(words(BEGUN))
    tune = Decoder(stepper, [SequenceState(grammar, 1.0, np.full(2000, 0.5), ids)], measure=True)  # type: ignore[arg-type]
    stepper.logits[:] = -50
    stepper.logits[0, sampler.vocabulary.encode(["A", "C8"])] = 0  # one allowed, one not
    for _ in ids:
        tune.step()
    assert int(tune.predicted) == 1
    assert float(tune.removed) == pytest.approx(0.5, abs=1e-4)


@pytest.mark.parametrize(("uniform", "chosen"), [(0.0, 0), (0.24, 0), (0.26, 2), (1 - 2**-53, 2)])
def test_pick_is_the_inverse_of_the_distribution(uniform: float, chosen: int) -> None:
    logits = np.log(np.array([1, 100, 3], np.float32))
    weights = np.empty(3, np.float32)
    mask = np.array([True, False, True])
    assert pick(logits, mask, np.float32(1), uniform, weights) == chosen


@pytest.mark.parametrize("x", [0.0, -1e-7, -0.3, -1.0, -10.0, -86.0, -87.5, -1000.0])
def test_the_exponential_is_exact_to_a_few_units_in_the_last_place(x: float) -> None:
    found = decoder_kernels._exp(np.float32(x))
    assert found == pytest.approx(np.exp(np.float64(np.float32(x))) if x > -87.3 else 0, rel=5e-7)
