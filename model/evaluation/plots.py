"""Plots of an evaluation as PNG files."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.encoding.tokenizer import NormalizedTune
from model.evaluation.scores import Evaluation
from model.features import statistics
from model.sampling.originality import LIMIT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LENGTHS = {4: "1/24", 6: "1/16", 8: "1/12", 12: "1/8", 18: "3/16", 24: "1/4", 36: "3/8", 48: "1/2"}
_DEGREES = ("1", "♭2", "2", "♭3", "3", "4", "♯4", "5", "♭6", "6", "♭7", "7")
_COLOURS = {"generated": "#b5502b", "matched": "#3d5a80", "held out": "#98a6b8"}


def draw(evaluation: Evaluation, folder: Path) -> list[Path]:
    """Writes similarity.png, repetition.png and notes.png into `folder`, which is made. Returns their paths."""
    from matplotlib.figure import Figure  # takes a second to import, and only plots need it

    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, panels in (("similarity", [_similarity]), ("repetition", [_repetition]), ("notes", [_lengths, _degrees])):
        figure = Figure(figsize=(7, 4 * len(panels)), dpi=120, layout="constrained")
        for axes, panel in zip(figure.subplots(len(panels), squeeze=False)[:, 0], panels, strict=True):
            panel(axes, evaluation)
            axes.spines[["top", "right"]].set_visible(False)
        paths.append(folder / f"{name}.png")
        figure.savefig(paths[-1])
    return paths


def _sets(evaluation: Evaluation) -> dict[str, list[NormalizedTune]]:
    sets = {"generated": evaluation.generated, "matched": evaluation.matched, "held out": evaluation.held_out}
    return {name: tunes for name, tunes in sets.items() if tunes}


def _similarity(axes: "Axes", evaluation: Evaluation) -> None:
    values = evaluation.similarities
    axes.hist(values, bins=[i / 50 for i in range(51)], color=_COLOURS["generated"])
    axes.axvline(LIMIT, color="black", linewidth=1, linestyle="--")
    axes.text(LIMIT - 0.01, 0.97, "limit", ha="right", va="top", transform=axes.get_xaxis_transform())
    axes.set(xlim=(0, 1), xlabel="similarity to the nearest tune of the books (1: the same tune)")
    axes.set(ylabel="tunes", title=f"Originality of {len(values)} tunes")


def _repetition(axes: "Axes", evaluation: Evaluation) -> None:
    names = [f"{lag} bar{'s' * (lag > 1)} before" for lag in statistics.LAGS]
    shares = {name: list(statistics.repetition(tunes).values()) for name, tunes in _sets(evaluation).items()}
    _bars(axes, evaluation, names, shares)
    axes.set(ylabel="share of bars", title="Bars equal to the bar so many bars before")


def _lengths(axes: "Axes", evaluation: Evaluation) -> None:
    _distribution(
        axes, evaluation, {name: statistics.length_shares(s) for name, s in _sets(evaluation).items()}, _LENGTHS
    )
    axes.set(xlabel="length in whole notes", ylabel="share of notes", title="Note lengths")


def _degrees(axes: "Axes", evaluation: Evaluation) -> None:
    shares = {name: statistics.degree_shares(tunes) for name, tunes in _sets(evaluation).items()}
    _distribution(axes, evaluation, shares, dict(enumerate(_DEGREES)))
    axes.set(xlabel="degree of the major scale", ylabel="share of notes", title="Scale degrees")


def _distribution(
    axes: "Axes", evaluation: Evaluation, shares: dict[str, dict[int, float]], names: dict[int, str]
) -> None:
    columns = {name: [found.get(value, 0.0) for value in names] for name, found in shares.items()}
    _bars(axes, evaluation, list(names.values()), columns)


def _bars(axes: "Axes", evaluation: Evaluation, names: Sequence[str], shares: dict[str, list[float]]) -> None:
    """Draws a group of bars for each name, with a bar for each set of tunes."""
    sizes: dict[str, Any] = {name: len(tunes) for name, tunes in _sets(evaluation).items()}
    width = 0.8 / max(1, len(shares))
    for number, (label, values) in enumerate(shares.items()):
        at = [i + (number - (len(shares) - 1) / 2) * width for i in range(len(names))]
        axes.bar(at, values, width, label=f"{label} ({sizes[label]})", color=_COLOURS[label])
    axes.set_xticks(range(len(names)), names)
    if shares:
        axes.legend(frameon=False)
