"""The architecture page: its diagram is what the imports give, and every path that it names exists."""

import re

import pytest

from tests.diagram import PAGE, diagram, page_with
from tests.imports import ROOT

PATH = re.compile(r"`((?:bot|model|tests|migrations|docs)/[\w./-]+)`")


def test_the_diagram_is_what_its_command_draws() -> None:
    assert PAGE.read_text() == page_with(diagram()), "draw it anew: python -m tests.diagram"


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md"))]
)
def test_every_path_that_a_page_names_exists(page: str) -> None:
    named = PATH.findall((ROOT / page).read_text())
    assert [path for path in named if not (ROOT / path).exists()] == []
