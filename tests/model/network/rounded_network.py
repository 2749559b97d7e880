"""A network with weights and hidden states rounded as Stepper rounds them, in plain float64."""

import torch
from torch import Tensor

from model.network.lstm import Network, with_copies

State = list[tuple[Tensor, Tensor]]  # h, c of each layer


class Rounded:
    """Called as a Network, with inputs [batch, 1, number of inputs]."""

    def __init__(self, network: Network) -> None:
        self.config = network.config
        weights = {name: weight.double() for name, weight in network.state_dict().items()}
        columns = weights["lstm.weight_ih_l0"].split(list(self.config.input_widths), dim=1)
        tables = [weights[f"embeddings.{i}.weight"] @ column.T for i, column in enumerate(columns)]
        tables[0] = tables[0] + weights["lstm.bias_ih_l0"] + weights["lstm.bias_hh_l0"]
        unit = max(float(table.abs().max()) for table in tables) / (2**15 - 1)
        self.tables = [(table / unit).round() * unit for table in tables]
        self.layers = [(rounded(weights["lstm.weight_hh_l0"]), torch.zeros(1))]
        for i in range(1, self.config.layers):
            both = torch.cat([weights[f"lstm.weight_ih_l{i}"], weights[f"lstm.weight_hh_l{i}"]], dim=1)
            self.layers.append((rounded(both), weights[f"lstm.bias_ih_l{i}"] + weights[f"lstm.bias_hh_l{i}"]))
        self.output = rounded(weights["output.weight"]), weights["output.bias"]

    def __call__(self, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        zero = torch.zeros(len(inputs), self.config.hidden, dtype=torch.float64)
        state, after, below = state or [(zero, zero)] * self.config.layers, State(), None
        looked_up = sum(table[inputs[:, 0, i]] for i, table in enumerate(self.tables))
        for (weight, bias), (h, c) in zip(self.layers, state, strict=True):
            x = whole(h) if below is None else torch.cat([whole(below), whole(h)], dim=1)
            i, f, g, o = (x @ weight.T + (looked_up if below is None else bias)).chunk(4, dim=1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            below = o.sigmoid() * c.tanh()
            after.append((below, c))
        assert below is not None
        scores = whole(below) @ self.output[0].T + self.output[1]
        return with_copies(scores[:, None], inputs, self.config), after


def whole(h: Tensor) -> Tensor:
    return (h * 127).round() / 127


def rounded(weight: Tensor) -> Tensor:
    """Whole multiples of a 127th of each row's largest."""
    scale = weight.abs().amax(1, keepdim=True) / 127
    return (weight / scale).round() * scale
