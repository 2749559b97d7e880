"""SVG -> PNG by librsvg, with fonts from a wheel: a bare machine has none, and all text would be missing."""

import os
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bot.core.errors import RenderError

_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{folder}</dir>
  <cachedir>{cache}</cachedir>
  <selectfont>
    <rejectfont><glob>*/LastResort*</glob></rejectfont>
    <rejectfont><glob>*/cmr*</glob></rejectfont>
  </selectfont>
</fontconfig>
"""


def rasterized(svg: str, scale: float, greys: bool = True) -> bytes:
    """`svg` as a PNG on white, `scale` pixels for each of its units. With `greys` all ink is black, in sixteen levels.

    Raises RenderError for what is no SVG.
    """
    vips = _vips()
    try:
        image = vips.Image.svgload_buffer(svg.encode(), unlimited=True, scale=scale)
        if greys:  # black ink is what covers the paper; of bits that are left out, libvips drops the high ones
            paper = (image[3].invert() >> 4).copy(interpretation="b-w")
            return bytes(paper.pngsave_buffer(compression=6, bitdepth=4))
        return bytes(image.flatten(background=255).pngsave_buffer(compression=6))
    except vips.Error as error:
        raise RenderError("the picture cannot be rasterized") from error


def font_folder() -> Path:
    """Matplotlib's, whose wheel has free fonts. RenderError where it is not installed."""
    found = find_spec("matplotlib")
    if found is None or found.origin is None:
        raise RenderError("Matplotlib, whose fonts the titles are set in, is not installed")
    return Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"


@cache
def _vips() -> Any:
    """libvips, told which fonts there are. Fontconfig reads its file when the first letter is drawn."""
    folder = Path(tempfile.mkdtemp(prefix="tunesmith-fonts-"))
    file = folder / "fonts.conf"
    file.write_text(_FONTS.format(folder=font_folder(), cache=folder))
    os.environ["FONTCONFIG_FILE"] = str(file)
    os.environ.setdefault("VIPS_CONCURRENCY", "1")
    import pyvips

    pyvips.cache_set_max(0)
    pyvips.Image.text("A").avg()
    return pyvips
