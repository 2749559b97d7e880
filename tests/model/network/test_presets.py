import pytest

from model.encoding.inputs import INPUTS
from model.errors import InputError
from model.network import presets
from model.network.lstm import Network, NetworkConfig
from model.network.presets import SEED


def test_the_seed_preset_is_the_articles_network() -> None:
    network = Network(NetworkConfig(83, (83,), SEED.widths, SEED.hidden, SEED.layers))
    assert network.parameter_count == 5_357_395
    assert network.parameter_count - 4 * SEED.hidden == 5_353_299
    assert (SEED.batch, SEED.seq_length, SEED.rate, SEED.steps) == (64, 125, 1e-4, 7500)


def test_presets_are_found_by_name() -> None:
    assert presets.named("seed") is SEED
    with pytest.raises(InputError, match="no preset"):
        presets.named("article")


@pytest.mark.parametrize("name", presets.NAMES)
def test_a_preset_has_a_width_for_each_of_its_inputs(name: str) -> None:
    preset = presets.named(name)
    assert preset.name == name
    assert len(preset.widths) == len(preset.inputs)
    assert set(preset.inputs) <= set(INPUTS)
