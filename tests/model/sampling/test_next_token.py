from collections.abc import Callable

import numpy as np
import pytest
import torch

from model.sampling.next_token import choose, choose_on_device


@pytest.mark.parametrize("choose", [choose, choose_on_device])
def test_choosing_keeps_to_the_mask_and_to_the_distribution(choose: Callable[..., torch.Tensor]) -> None:
    logits, mask = torch.tensor([[0.1, 0.6, 0.1, 0.2]]).log(), torch.tensor([[True, False, True, True]])

    def draws(uniform: np.ndarray, temperature: float, scale: float = 1.0) -> list[int]:
        rows = len(uniform)
        chosen = choose(
            logits.expand(rows, -1) * scale,
            mask.expand(rows, -1),
            torch.full((rows, 1), temperature),
            torch.from_numpy(uniform)[:, None],
        )
        ids: list[int] = chosen.tolist()
        return ids

    even = draws(np.linspace(0, 1, 400, endpoint=False), 1.0)
    assert [even.count(token) for token in range(4)] == pytest.approx([100, 0, 100, 200], abs=1)
    assert set(draws(np.array([0.01, 0.5, 0.99]), 0.1)) == {3}
    assert draws(np.array([0.0, 1 - 2**-53]), 0.1, 1e4) == [3, 3]
    assert draws(np.array([0.0, 1 - 2**-53]), 1.0) == [0, 3]
