"""Rooms and their arrows: which package may import which, and where each library may be used.

docs/architecture.md draws the same arrows from the imports.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# who may import a library: files, or folders that end in "/"
HOMES = {
    "torch": (
        *(f"model/{room}/" for room in ("network", "sampling", "training", "evaluation", "retraining")),
        *("model/encoding/examples.py", "model/worker/worker.py"),
        "model/commands/",  # inside functions alone: see below
    ),
    "numba": ("model/network/kernels.py",),
    "sklearn": ("model/evaluation/",),
    "safetensors": ("model/network/checkpoint.py", "model/training/trainer.py"),
    "discord": ("bot/discord/", "bot/__main__.py"),
    "sqlalchemy": ("bot/store/", "migrations/"),
    "alembic": ("bot/store/", "migrations/"),
    "aiosqlite": ("bot/store/", "migrations/"),
    "asyncpg": ("bot/store/", "migrations/"),
    "redis": ("bot/workers/",),
    "aiohttp": ("bot/web/", "bot/discord/"),
    "jinja2": ("bot/web/",),
    "verovio": ("bot/render/",),
    "resvg_py": ("bot/render/",),
    "symusic": ("bot/render/",),
    "lameenc": ("bot/render/",),
    "typst": ("bot/render/",),
    "pretty_midi": ("bot/render/",),
    "prometheus_client": ("bot/core/metrics.py",),
}

# room -> the rooms that it may import, all of which stand above it here
MODEL = {
    "errors": (),
    "files": ("errors",),
    "music": ("errors",),
    "prompt": ("errors", "music"),
    "encoding": ("errors", "music"),
    "features": ("encoding", "music"),
    "corpus": ("encoding", "errors", "files", "music"),
    "network": ("encoding", "errors", "files"),
    "sampling": ("corpus", "encoding", "errors", "features", "music", "network", "prompt"),
    "training": ("corpus", "encoding", "errors", "files", "music", "network"),
    "worker": ("errors", "files", "music", "network", "prompt", "sampling"),
    "retraining": (*("corpus", "encoding", "errors", "features", "files", "music", "network", "prompt", "sampling"),),
    "evaluation": (
        *("corpus", "encoding", "errors", "features", "files", "music", "network", "prompt", "sampling", "training"),
    ),
    "commands": (
        *("corpus", "encoding", "errors", "evaluation", "features", "files", "music", "network", "prompt"),
        *("retraining", "sampling", "training", "worker"),
    ),
    "__main__": ("commands", "errors"),
}
BOT = {
    "core": (),
    "store": ("core",),
    "render": ("core",),
    "workers": ("core",),
    "library": ("core", "render", "store"),
    "backup": ("core", "store"),
    "composing": ("core", "library", "render", "store", "workers"),
    "retraining": ("core", "store", "workers"),
    "app": ("backup", "composing", "core", "library", "render", "retraining", "store", "workers"),
    "web": ("composing", "core", "library", "retraining"),
    "discord": ("composing", "core", "library", "retraining", "store"),
    "benchmarks": ("app", "composing", "core", "library", "render", "retraining", "store", "workers"),
    "commands": (
        "app",
        "backup",
        "benchmarks",
        "composing",
        "core",
        "discord",
        "library",
        "render",
        "retraining",
        "store",
        "web",
        "workers",
    ),
    "__main__": ("commands", "core"),
}
WORKERS = {  # the rooms inside bot/workers, and what lies beside them
    "": (),
    "local": ("",),
    "cluster": ("", "local"),
    "agent": ("", "cluster", "local"),
}
ROOT_FILES = {"model": {"__init__", "__main__", "errors", "files", "prompt"}, "bot": {"__init__", "__main__"}}


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


def test_the_walk_sees_the_code() -> None:
    assert len(files("bot", "model")) > 60
    assert "torch" in imports(Path("model/commands/worker.py"))
    assert "torch" not in at_import(Path("model/commands/worker.py"))


@pytest.mark.parametrize("library", HOMES)
def test_a_library_stays_where_it_lives(library: str) -> None:
    def at_home(path: Path) -> bool:
        return any(str(path) == home or (home.endswith("/") and str(path).startswith(home)) for home in HOMES[library])

    users = [path for path in files("bot", "model", "migrations") if within_any(imports(path), library)]
    assert [str(path) for path in users if not at_home(path)] == []


def within_any(names: set[str], library: str) -> bool:
    return any(within(name, (library,)) for name in names)


def test_model_commands_start_without_torch() -> None:
    for path in files("model/commands"):
        assert not within_any(at_import(path), "torch"), f"{path} imports torch before it is asked for anything"


def test_the_model_does_not_know_the_bot() -> None:
    for path in files("model"):
        assert not within_any(imports(path), "bot"), path


def test_music21_serves_the_corpus_the_renderer_and_one_reader() -> None:
    users = {str(path) for path in files("bot", "model") if within_any(imports(path), "music21")}
    homes = {
        "model/corpus/build.py",
        "model/corpus/sources.py",
        "model/evaluation/readers/music21.py",
        "bot/benchmarks/rendering.py",
    }
    assert users <= homes | {str(path) for path in files("bot/render")}


def room(package: str, name: str) -> str:
    """The room of a module in a package: the part of its name that follows the package's."""
    return name.removeprefix(package).lstrip(".").partition(".")[0]


def arrows(package: str, table: dict[str, tuple[str, ...]]) -> dict[tuple[str, str], set[str]]:
    """(room, imported room) -> who imports what, over all modules of a package."""
    found: dict[tuple[str, str], set[str]] = {}
    known = {module(path) for path in files(*package.split(".")[:1])}
    for path in files(package.replace(".", "/")):
        for name in imports(path):
            inside = name in known and within(name, (package,)) and name != package
            here, there = room(package, module(path)), room(package, name)
            if inside and "" not in table and not here:
                continue  # the package itself only says what it is
            if inside:
                here, there = (part if part in table else "" for part in (here, there))
                if here != there:
                    found.setdefault((here, there), set()).add(f"{module(path)} -> {name}")
    return found


PACKAGES = {"model": MODEL, "bot": BOT, "bot.workers": WORKERS}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_arrow_is_allowed(package: str) -> None:
    table = PACKAGES[package]
    wrong = {pair: who for pair, who in arrows(package, table).items() if pair[1] not in table[pair[0]]}
    assert wrong == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_no_allowed_arrow_points_upward_so_there_is_no_circle(package: str) -> None:
    table = PACKAGES[package]
    order = list(table)
    assert [(here, there) for here in table for there in table[here] if order.index(there) >= order.index(here)] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_room_has_a_line(package: str) -> None:
    folder = ROOT / package.replace(".", "/")
    rooms = {path.name for path in folder.iterdir() if path.is_dir() and list(path.glob("*.py"))}
    assert rooms <= set(PACKAGES[package])


@pytest.mark.parametrize("package", ROOT_FILES)
def test_no_new_file_lies_at_the_root(package: str) -> None:
    assert {path.stem for path in (ROOT / package).glob("*.py")} == ROOT_FILES[package]


def test_tests_mirror_the_rooms() -> None:
    for package, table in (("model", MODEL), ("bot", BOT)):
        rooms = {path.name for path in (ROOT / "tests" / package).iterdir() if list(path.glob("test_*.py"))}
        assert rooms <= set(table), package


def test_nothing_the_bot_can_reach_imports_torch() -> None:
    paths = {module(path): path for path in files("bot", "model")}
    reached = {module(path) for path in files("bot")}
    fresh = list(reached)
    while fresh:
        found = {name for name in imports(paths[fresh.pop()]) if name in paths}
        fresh += found - reached
        reached |= found
    assert "model.prompt" in reached
    assert [name for name in sorted(reached) if within_any(imports(paths[name]), "torch")] == []


def test_starting_the_bot_loads_neither_torch_nor_engravers_nor_plots() -> None:
    heavy = {"torch", "safetensors", "music21", "matplotlib", "verovio", "symusic", "numpy", "pretty_midi", "lameenc"}
    heavy |= {"typst", "asyncpg", "redis", "numba"}
    program = f"import sys, bot.__main__; print(sorted({heavy} & sys.modules.keys()))"
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
