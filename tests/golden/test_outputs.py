"""The outputs for fixed seeds are those that were recorded last."""

from pathlib import Path

import pytest

from tests.golden.outputs import OUTPUTS


@pytest.mark.parametrize("name", OUTPUTS)
def test_the_output_is_as_recorded(name: str) -> None:
    assert OUTPUTS[name]() == Path(__file__).with_name(name).read_text()
