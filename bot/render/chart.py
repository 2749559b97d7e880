"""A curve of losses -> PNG: as SVG that librsvg rasterizes."""

from collections.abc import Sequence

from bot.core.errors import RenderError
from bot.render.sheet.raster import rasterized

WIDTH, HEIGHT = 900, 420  # pixels
_LEFT, _RIGHT, _TOP, _BOTTOM = 92, 24, 54, 58
_INK, _PALE, _LINE = "#1f2933", "#9aa5b1", "#2f6f4f"
_MOST = 2000  # points

Points = Sequence[tuple[float, float]]


def png(points: Points) -> bytes:
    """Losses over steps, with a dot on the last. RenderError for fewer than two points, or too many."""
    if not 2 <= len(points) <= _MOST:
        raise RenderError(f"a curve has 2 to {_MOST} points, not {len(points)}")
    xs, ys = [x for x, _ in points], [y for _, y in points]
    across, up = _Scale(min(xs), max(xs), _LEFT, WIDTH - _RIGHT), _Scale(min(ys), max(ys), HEIGHT - _BOTTOM, _TOP)
    drawn = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in points)
    last = f'cx="{across(xs[-1]):.1f}" cy="{up(ys[-1]):.1f}"'
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="DejaVu Sans">'
        f"{_axes(xs, ys, up)}"
        f'<polyline points="{drawn}" fill="none" stroke="{_LINE}" stroke-width="3" stroke-linejoin="round"/>'
        f'<circle {last} r="6" fill="{_LINE}"/>'
        f"{_text(_LEFT, 34, f'Loss while learning: {ys[-1]:.3f}', _INK, 24)}</svg>"
    )
    return rasterized(svg, 1.0, greys=False)


class _Scale:
    """Maps [low, high] to [start, end], and everything to the middle where low is high."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self._low, self._span, self._start, self._end = low, high - low, start, end

    def __call__(self, value: float) -> float:
        share = (value - self._low) / self._span if self._span else 0.5
        return self._start + share * (self._end - self._start)


def _axes(xs: Sequence[float], ys: Sequence[float], up: _Scale) -> str:
    lines = []
    for value in sorted({min(ys), (min(ys) + max(ys)) / 2, max(ys)}):
        at = up(value)
        lines.append(f'<path d="M{_LEFT} {at:.1f}H{WIDTH - _RIGHT}" stroke="{_PALE}" stroke-dasharray="2 6"/>')
        lines.append(_text(_LEFT - 12, at + 6, f"{value:.3g}", _INK, 18, "end"))
    lines.append(_text(_LEFT, HEIGHT - 20, f"step {min(xs):g}", _INK, 18))
    lines.append(_text(WIDTH - _RIGHT, HEIGHT - 20, f"{max(xs):g}", _INK, 18, "end"))
    return "".join(lines)


def _text(x: float, y: float, text: str, colour: str, size: int, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}">{text}</text>'
