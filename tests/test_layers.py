"""Rooms and their arrows: which package may import which, and where each library may be used.

docs/architecture.md draws the same arrows from the imports.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.imports import ROOT, arrows, at_import, files, imports, module, within_any

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
    "aiohttp": ("bot/web/", "bot/discord/", "bot/benchmarks/discord/"),
    "jinja2": ("bot/web/",),
    "verovio": ("bot/render/",),
    "pyvips": ("bot/render/sheet/raster.py",),
    "soundfile": ("bot/render/sound/",),
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
    "harmony": ("errors", "music"),
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
        *("corpus", "encoding", "errors", "evaluation", "features", "files", "harmony", "music", "network"),
        *("prompt", "retraining", "sampling", "training", "worker"),
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
    "benchmarks": ("app", "composing", "core", "discord", "library", "render", "retraining", "store", "workers"),
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
WORKERS = {  # the rooms and files in bot/workers
    "health": (),
    "training_job": (),
    "local": ("health", "training_job"),
    "cluster": ("health", "local", "training_job"),
    "agent": ("cluster", "health", "local", "training_job"),
}
ROOT_FILES = {"model": {"__init__", "__main__", "errors", "files", "prompt"}, "bot": {"__init__", "__main__"}}


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


PACKAGES = {"model": MODEL, "bot": BOT, "bot.workers": WORKERS}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_arrow_is_allowed(package: str) -> None:
    table = PACKAGES[package]
    wrong = {pair: who for pair, who in arrows(package).items() if pair[1] not in table[pair[0]]}
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
