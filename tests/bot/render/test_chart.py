"""The loss curve: a picture of any numbers, drawn in a render process."""

import io

import numpy as np
import pytest
from PIL import Image

from bot.core.errors import RenderError
from bot.render import Renderer
from bot.render.chart import HEIGHT, WIDTH, png

FALLING = [(10.0 * step, 2.0 - step / 30) for step in range(40)]


def ink(data: bytes) -> set[int]:
    """The columns in which the curve's green stands."""
    image = Image.open(io.BytesIO(data)).convert("RGB")
    assert image.size == (WIDTH, HEIGHT)
    found = np.all(np.asarray(image) == (0x2F, 0x6F, 0x4F), axis=2).any(axis=0)
    return set(np.flatnonzero(found).tolist())


def test_the_curve_goes_from_the_first_step_to_the_last() -> None:
    columns = ink(png(FALLING))
    assert min(columns) < 100
    assert max(columns) > WIDTH - 30
    assert len(columns) > 700


@pytest.mark.parametrize("points", [[(0, 1), (1, 1)], [(0, 1), (0, 2)], [(0, -1e9), (5, 1e9)], [(3, 0), (2, 1e-9)]])
def test_any_numbers_can_be_drawn(points: list[tuple[float, float]]) -> None:
    assert ink(png(points))


@pytest.mark.parametrize("points", [[], [(0, 1)], [(0.0, 1.0)] * 3000])
def test_too_few_and_too_many_points_are_one_line(points: list[tuple[float, float]]) -> None:
    with pytest.raises(RenderError, match="a curve has 2 to 2000 points"):
        png(points)


async def test_it_is_drawn_in_a_render_process() -> None:
    async with Renderer() as renderer:
        assert ink(await renderer.chart(FALLING))
        with pytest.raises(RenderError, match="points"):
            await renderer.chart([])
