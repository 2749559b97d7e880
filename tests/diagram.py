"""The diagram in docs/architecture.md, drawn from the imports: `python -m tests.diagram` puts it there anew.

Rooms stand above what they import. An arrow that follows from others (A -> B where A -> C -> B) is left out.
"""

from pathlib import Path

from tests.imports import ROOT, arrows

PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- made by `python -m tests.diagram` -->\n", "<!-- end of what is made -->\n"


def diagram() -> str:
    """Mermaid: the rooms of bot/ and model/, and which imports which."""
    edges = {
        (f"{package}/{here}", f"{package}/{there}")
        for package in ("bot", "model")
        for here, there in arrows(package)
        if not {here, there} & {"__main__", "errors", "files"}
    }
    edges |= {(f"bot/{here}", f"model/{there}") for here, there in arrows("bot", "model") if there not in ("errors",)}
    edges = {(here, there) for here, there in edges if here != "bot/__main__"}
    rooms = sorted({room for edge in edges for room in edge})
    lines = ["```mermaid", "flowchart TD"]
    for package in ("bot", "model"):
        inside = [f"    {_id(room)}[{room.partition('/')[2]}]" for room in rooms if room.startswith(package)]
        lines += [f"  subgraph {package}", *inside, "  end"]
    lines += [f"  {_id(here)} --> {_id(there)}" for here, there in sorted(_reduced(edges))]
    return "\n".join([*lines, "```", ""])


def _reduced(edges: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Without the arrows that follow from two or more others; `edges` has no circle."""
    after: dict[str, set[str]] = {}
    for here, there in edges:
        after.setdefault(here, set()).add(there)

    def reached(room: str) -> set[str]:
        return {far for near in after.get(room, set()) for far in {near} | reached(near)}

    return {
        (here, there)
        for here, there in edges
        if not any(there in reached(other) for other in after[here] if other != there)
    }


def _id(room: str) -> str:
    return room.replace("/", "_")


def page_with(text: str) -> str:
    """The page as it is, with `text` as its diagram."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    return before + BEGIN + text + END + rest.partition(END)[2]


if __name__ == "__main__":
    Path(PAGE).write_text(page_with(diagram()))
