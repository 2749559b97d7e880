"""Tables of scores as text."""

from collections.abc import Mapping, Sequence
from typing import Any

HEADINGS = {  # section of the scores -> its columns
    "habits": ("generated", "matched", "held out"),
    "auc_leans_on": ("drop", "generated", "matched"),
}
_WIDTH = 46


def table(scores: Mapping[str, Any]) -> str:
    """One line for each of `scores`, in their order; for one that is None the reason in `scores["not_measured"]`.

    What real tunes have (`NAME_real`) stands in the line of NAME.
    """
    reasons = scores.get("not_measured", {})
    lines: list[str] = []
    for name, value in scores.items():
        if name == "not_measured" or (name.removesuffix("_real") != name and name.removesuffix("_real") in scores):
            continue
        if isinstance(value, Mapping):
            lines += ["", f"{_label(name):<{_WIDTH}}{_cells(HEADINGS.get(name, ()))}".rstrip()]
            lines += [f"  {_label(key):<{_WIDTH - 2}}{_cells(cells)}" for key, cells in value.items()]
            lines.append("")
        else:
            text = reasons.get(name, "not measured") if value is None else _value(value)
            real = scores.get(f"{name}_real")
            lines.append(f"{_label(name):<{_WIDTH}}{text}" + (f"; real {_value(real)}" if real is not None else ""))
    return "\n".join(lines).replace("\n\n\n", "\n\n").strip("\n")


def _label(name: str) -> str:
    return name.replace("_", " ")


def _cells(cells: Any) -> str:
    if isinstance(cells, Sequence) and not isinstance(cells, str):
        return "".join(f"{'-' if cell is None else _value(cell):<11}" for cell in cells).rstrip()
    return "-" if cells is None else _value(cells)


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".") if value else "0"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "; ".join(str(one) for one in value)
    return f"{value:,}" if isinstance(value, int) else str(value)


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """`rows` of cells in columns, the first row their names; all but the first column are aligned to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
