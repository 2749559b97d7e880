"""Who imports whom, read off the code: for the layers' test and for the diagram of the architecture."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]


def files(*folders: str) -> list[Path]:
    return sorted(path.relative_to(ROOT) for folder in folders for path in (ROOT / folder).rglob("*.py"))


def module(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text())


@cache
def imports(path: Path) -> set[str]:
    """Every module that a file imports, also inside functions; `from a import b` counts as a and as a.b."""
    return names(path, ast.walk(tree(path)))


def names(path: Path, nodes: Iterator[ast.AST]) -> set[str]:
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} uses a relative import"
            assert node.module
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def at_import(path: Path) -> set[str]:
    """What is imported together with a file: all but the imports inside functions."""

    def outer(node: ast.AST) -> Iterator[ast.AST]:
        yield node
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                yield from outer(child)

    return names(path, outer(tree(path)))


def within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def within_any(names: set[str], library: str) -> bool:
    return any(within(name, (library,)) for name in names)


def room(package: str, name: str) -> str:
    """The room of a module in a package: the part of its name that follows the package's; empty for none."""
    return name.removeprefix(package).lstrip(".").partition(".")[0]


def arrows(package: str, other: str = "") -> dict[tuple[str, str], set[str]]:
    """(room, imported room) -> who imports what, from a package's modules into itself or into the `other` package.

    A package's own __init__ is no room.
    """
    target = other or package
    known = {module(path) for path in files(target.partition(".")[0])}
    found: dict[tuple[str, str], set[str]] = {}
    for path in files(package.replace(".", "/")):
        for name in imports(path):
            here, there = room(package, module(path)), room(target, name)
            if name in known and within(name, (target,)) and here and there and (other or here != there):
                found.setdefault((here, there), set()).add(f"{module(path)} -> {name}")
    return found
