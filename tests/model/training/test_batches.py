import torch

from model.training.batches import IGNORED, CharacterWindows, TuneBatches


def tune(length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs and targets of a tune of `length` tokens, all of which are `length`."""
    return torch.full((length, 2), length), torch.full((length,), length)


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_window_predicts_each_next_character() -> None:
    windows = CharacterWindows(range(100), range(7), held_out_notes=3, batch=4, seq_length=5)
    batch = windows.training(generator(1))
    assert batch.inputs.shape == (4, 5, 1)
    assert torch.equal(batch.targets, batch.inputs[..., 0] + 1)
    assert torch.equal(windows.training(generator(1)).inputs, batch.inputs)
    assert not torch.equal(windows.training(generator(2)).inputs, batch.inputs)
    assert windows.held_out_notes == 3


def test_held_out_windows_have_every_character_once() -> None:
    windows = CharacterWindows(range(100), range(12), held_out_notes=3, batch=2, seq_length=4)
    batches = list(windows.held_out())
    assert [len(batch.inputs) for batch in batches] == [2, 1]
    targets = torch.cat([batch.targets.flatten() for batch in batches])
    assert targets[targets != IGNORED].tolist() == list(range(1, 12))


def test_tunes_of_a_batch_are_of_similar_length_and_padded() -> None:
    lengths = [9, 2, 5, 8, 3, 6, 4, 7]
    batches = TuneBatches([tune(n) for n in lengths], [tune(3)], held_out_notes=3, batch=3)
    for seed in range(20):
        batch = batches.training(generator(seed))
        longest = batch.targets.max(dim=1).values
        assert batch.inputs.shape == (3, int(longest.max()), 2)
        assert int(longest.max() - longest.min()) == 2
        assert torch.equal((batch.targets != IGNORED).sum(dim=1), longest)


def test_every_tune_is_trained_on() -> None:
    batches = TuneBatches([tune(n) for n in range(1, 21)], [], held_out_notes=0, batch=4)
    drawn = torch.cat([batches.training(generator(seed)).targets.max(dim=1).values for seed in range(200)])
    assert set(drawn.tolist()) == set(range(1, 21))


def test_a_set_smaller_than_a_batch_is_one_batch() -> None:
    batches = TuneBatches([tune(1), tune(2)], [tune(n) for n in range(1, 6)], held_out_notes=0, batch=2)
    assert len(TuneBatches([tune(1)], [], 0, 8).training(generator(0)).inputs) == 1
    assert [len(batch.inputs) for batch in batches.held_out()] == [4, 1]
