import pytest
import torch

from model.encoding.inputs import INPUTS, input_sizes
from model.encoding.vocabulary import Vocabulary
from model.network.lstm import Network, NetworkConfig
from model.network.stepper import Stepper
from tests.model.network.rounded_network import Rounded

CPU = torch.device("cpu")
VOCABULARY = Vocabulary("notes", tuple("abcdefghij"))


def test_a_row_has_the_same_logits_in_any_batch() -> None:
    stepper = Stepper(Network(NetworkConfig(50, (50,), (16,), 512, 2)).eval(), CPU)
    ids, states = torch.randint(50, (1100, 1)), stepper.zeros(1100).uniform_(-1, 1)
    with torch.inference_mode():
        whole = stepper.step(ids, states.clone())
        for rows in (1, 2, 3, 7, 8, 31, 32, 40, 100, 256, 511, 512, 520, 1024):
            assert torch.equal(stepper.step(ids[:rows], states[:, :, :rows].clone()), whole[:rows]), rows
            other = torch.randperm(1100)[:rows]
            assert torch.equal(stepper.step(ids[other], states[:, :, other]), whole[other]), rows


@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "operations"])
@pytest.mark.parametrize("inputs", [INPUTS[:1], (INPUTS[0], *INPUTS[3:]), INPUTS])
def test_steps_are_those_of_the_network_within_rounding(inputs: tuple[str, ...], compiled: bool) -> None:
    sizes = input_sizes(VOCABULARY, inputs)
    torch.manual_seed(0)
    network = Network(NetworkConfig(len(VOCABULARY), sizes, (8,) * len(sizes), 32, 3, 0.3, inputs)).eval()
    stepper, rounded = Stepper(network, CPU, compiled), Rounded(network)
    state, exact_state, rounded_state = stepper.zeros(8), None, None
    with torch.inference_mode():
        for _ in range(5):
            ids = torch.stack([torch.randint(size, (8,)) for size in sizes], dim=1)
            logits, exact_state = network(ids[:, None], exact_state)
            wanted, rounded_state = rounded(ids[:, None], rounded_state)
            found = stepper.step(ids, state)
            assert torch.allclose(found.double(), wanted[:, 0], atol=1e-4)
            assert torch.allclose(found, logits[:, 0], atol=0.02)
