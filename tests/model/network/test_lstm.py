from dataclasses import replace

import pytest
import torch

from model.errors import CheckpointError
from model.network.lstm import Network, NetworkConfig, grow

SMALL = NetworkConfig(9, (9, 5, 10), (4, 3, 2), 8, 2, inputs=("token", "position", "back 1"))
LARGE = replace(
    SMALL,
    input_sizes=(9, 5, 7, 10, 10),
    input_widths=(4, 3, 6, 2, 2),
    inputs=("token", "position", "place", "back 1", "back 2"),
    copies=True,
)


def made(config: NetworkConfig, seed: int) -> Network:
    torch.manual_seed(seed)
    return Network(config).eval()


def test_a_network_grown_from_a_smaller_one_predicts_the_same() -> None:
    small, large = made(SMALL, 1), made(LARGE, 2)
    inputs = torch.stack([torch.randint(size, (2, 6)) for size in LARGE.input_sizes], dim=-1)
    seen = inputs[..., [0, 1, 3]]  # those of the small one
    assert not torch.allclose(large(inputs)[0], small(seen)[0], atol=1e-3)
    grow(large, small)
    assert torch.allclose(large(inputs)[0], small(seen)[0], atol=1e-6)


def test_new_inputs_and_gates_have_a_gradient() -> None:
    large = made(LARGE, 2)
    grow(large, made(SMALL, 1))
    inputs = torch.stack([torch.randint(1, size, (2, 6)) for size in LARGE.input_sizes], dim=-1)
    large(inputs)[0].square().sum().backward()
    gradient = large.lstm.weight_ih_l0.grad
    assert isinstance(gradient, torch.Tensor)
    assert gradient[:, 7:13].abs().sum() > 0  # the columns of `place`
    assert large.output.weight.grad is not None
    assert large.output.weight.grad[9:].abs().sum() > 0  # the gates


def test_growing_from_another_network_is_refused() -> None:
    for other in (replace(SMALL, hidden=16), replace(SMALL, layers=1), replace(SMALL, vocabulary=8)):
        with pytest.raises(CheckpointError, match="other layers"):
            grow(made(LARGE, 2), made(other, 1))


def test_without_dropout_training_gives_the_same_logits_and_state() -> None:
    network = made(LARGE, 3)
    inputs = torch.stack([torch.randint(size, (2, 6)) for size in LARGE.input_sizes], dim=-1)
    wanted, (h, c) = network(inputs)
    first, between = network.train()(inputs[:, :4])
    second, (h_after, c_after) = network(inputs[:, 4:], between)
    assert torch.allclose(torch.cat([first, second], dim=1), wanted, atol=1e-6)
    assert torch.allclose(h_after, h, atol=1e-6)
    assert torch.allclose(c_after, c, atol=1e-6)


def test_dropout_is_the_same_at_all_times_of_a_row_and_only_in_training() -> None:
    network = made(replace(LARGE, dropout=0.5), 3)
    x = torch.ones(4, 7, 50)
    assert network._locked_dropout(x) is x
    dropped = network.train()._locked_dropout(x)
    assert torch.equal(dropped, dropped[:, :1].expand_as(x))
    assert set(torch.unique(dropped).tolist()) == {0.0, 2.0}
    assert not torch.equal(dropped[0], dropped[1])


def test_weight_drop_changes_later_steps_and_leaves_every_weight_a_gradient() -> None:
    network = made(replace(LARGE, weight_drop=0.5), 3).train()
    inputs = torch.stack([torch.randint(size, (2, 6)) for size in LARGE.input_sizes], dim=-1)
    one, two = network(inputs)[0], network(inputs)[0]
    assert torch.equal(one[:, 0], two[:, 0])  # from the state zero
    assert not torch.allclose(one[:, 5], two[:, 5])
    sum(network(inputs)[0].square().sum() for _ in range(30)).backward()
    for name in ("weight_hh_l0", "weight_hh_l1"):
        gradient = getattr(network.lstm, name).grad
        assert (gradient != 0).all()
