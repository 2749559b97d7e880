"""SVG -> PNG by resvg, with fonts that a wheel brings along: a bare machine has none, and would lose every letter."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import resvg_py

from bot.core.errors import RenderError


def paint(svg: str, width: int, family: str, fonts: tuple[str, ...]) -> bytes:
    """`svg` as a PNG on white, `width` pixels wide, with text in `family`; `fonts` are files of `font_folder`."""
    painted: bytes = resvg_py.svg_to_bytes(
        svg_string=svg,
        width=width,
        background="white",
        skip_system_fonts=True,
        font_files=_files(fonts),
        font_family=family,
    )
    return painted


def font_folder() -> Path:
    """Matplotlib's, whose wheel carries free fonts. RenderError where it is not installed."""
    found = find_spec("matplotlib")
    if found is None or found.origin is None:
        raise RenderError("Matplotlib, whose fonts the titles are set in, is not installed")
    return Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"


@cache
def _files(names: tuple[str, ...]) -> list[str]:
    return [str(font_folder() / f"{name}.ttf") for name in names]
