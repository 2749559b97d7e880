import json

import pytest
import torch

from model.evaluation import benchmark
from model.evaluation.benchmark import Figure, figures, roofline
from model.network.lstm import Network, NetworkConfig
from model.network.stepper import Stepper

CPU = torch.device("cpu")


def test_every_row_has_both_sides_and_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark, "SECONDS", 0.001)
    monkeypatch.setattr(benchmark, "ROUNDS", 1)
    measured = list(figures(CPU, (1, 8)))
    assert all(figure.baseline > 0 and figure.ours > 0 for figure in measured)
    rows = {figure.name: figure.to_json() for figure in measured}
    assert {"seed-vs-loop-1", "seed-vs-loop-best", "trad-vs-loop-8", "folkrnn-vs-numpy-best"} < set(rows)
    assert rows["seed-vs-loop-1"]["goal"] == 8
    assert rows["trad-vs-loop-best"]["goal"] == 90
    assert json.loads(json.dumps(list(rows.values())))
    assert set(rows["trad-vs-unmasked-64"]) == {"name", "baseline", "ours", "ratio", "goal", "unit"}


def test_a_figure_is_a_ratio_of_like_to_like() -> None:
    assert Figure("trad-vs-loop-1", 100, 650, 6).to_json() == {
        "name": "trad-vs-loop-1",
        "baseline": 100,
        "ours": 650,
        "ratio": 6.5,
        "goal": 6,
        "unit": "tokens/s",
    }


def test_the_roofline_is_the_lower_of_two_limits() -> None:
    stepper = Stepper(Network(NetworkConfig(10, (10,), (4,), 16, 2)), CPU)
    weights = 64 * 16 + 64 * 32 + 10 * 16
    assert stepper.weights == weights
    assert roofline(weights, 2, 1, 1e30, 2 * weights) == pytest.approx(1)  # a second to read the weights
    assert roofline(weights, 2, 50, 2 * weights, 1e30) == pytest.approx(1)  # a second to multiply them
