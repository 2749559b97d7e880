"""What the product gives for fixed seeds is what was recorded last."""

from pathlib import Path

import pytest

from tests.golden.outputs import OUTPUTS


@pytest.mark.parametrize("name", OUTPUTS)
def test_it_gives_what_was_recorded(name: str) -> None:
    assert OUTPUTS[name]() == Path(__file__).with_name(name).read_text()
