"""Imports point one way: front ends -> use cases -> store, render, workers -> values. Each library has its place."""

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
        *(f"model/{name}.py" for name in ("network", "sampler", "train", "finetune", "reading", "checkpoint")),
        *(f"model/{name}.py" for name in ("decoder", "inference", "benchmark", "worker", "batches", "prepare")),
        *(f"model/{name}.py" for name in ("titles", "originality", "products", "abreast")),
        *(f"model/evaluation/{name}.py" for name in ("bits", "article", "compare", "teaching")),
        "model/commands/",  # inside functions alone: see below
    ),
    "numba": ("model/network/kernels.py",),
    "sklearn": ("model/evaluation/two_sample.py", "model/evaluation/critic_training.py"),
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

FRONT_ENDS = ("bot.web", "bot.discord")
WIRING = ("bot.app.bot", "bot.app.worker", "bot.commands", "bot.__main__")
USE_CASES = (
    *(
        "bot.composing.composer",
        "bot.composing.execution",
        "bot.library.library",
        "bot.library.server_settings",
        "bot.composing.rate_limits",
        "bot.library.tunebook",
        "bot.composing.failover",
    ),
    *(
        "bot.retraining.retrainer",
        "bot.retraining.run",
        "bot.retraining.training_data",
        "bot.retraining.candidate_files",
        "bot.retraining.report",
    ),
)
ADAPTERS = ("bot.store", "bot.render", "bot.workers")
VALUES = (
    *(
        "bot.core.values",
        "bot.core.errors",
        "bot.core.config",
        "bot.core.logs",
        "bot.core.metrics",
        "bot.core.subprocesses",
    ),
    *(
        "bot.core.subscriptions",
        "bot.composing.queue",
        "bot.composing.throughput",
        "bot.composing.queue_timeouts",
        "bot.composing.queue_positions",
        "bot.core.completion",
        "bot.core.retraining",
    ),
    *("bot.composing.outages", "bot.core.wording"),
)
ALLOWED = {  # package -> the parts of `bot` that it may import beside itself
    **dict.fromkeys(
        FRONT_ENDS, (*USE_CASES, "bot.core.values", "bot.core.retraining", "bot.core.errors", "bot.core.completion")
    ),
    "bot.discord": (  # config: cooldowns, shards
        *(*USE_CASES, "bot.core.values", "bot.core.retraining", "bot.core.errors", "bot.core.completion"),
        *("bot.core.config", "bot.core.logs", "bot.core.wording"),
    ),
    **dict.fromkeys(USE_CASES, (*USE_CASES, *ADAPTERS, *VALUES)),
    **dict.fromkeys(ADAPTERS, ("bot.core.values", "bot.core.errors", "bot.core.retraining", "bot.core.subprocesses")),
    **dict.fromkeys(VALUES, VALUES),
    "bot.app.bot": (*USE_CASES, *ADAPTERS, *VALUES),
    "bot.app.worker": ("bot.app.bot", *ADAPTERS, *VALUES),
    "bot.benchmarks": ("bot.app.bot", "bot.app.worker", *USE_CASES, *ADAPTERS, *VALUES),
    "bot.commands": (*FRONT_ENDS, "bot.app.bot", "bot.app.worker", "bot.benchmarks", *USE_CASES, *ADAPTERS, *VALUES),
    "bot.__main__": (*FRONT_ENDS, *WIRING, *USE_CASES, *ADAPTERS, *VALUES),
}


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


@pytest.mark.parametrize("path", files("bot"), ids=str)
def test_the_arrows_of_the_bot_point_one_way(path: Path) -> None:
    name = module(path)
    if name == "bot":
        assert imports(path) == set()
        return
    package = next((package for package in ALLOWED if within(name, (package,))), None)
    assert package, f"{path} belongs to no layer: give it one here"
    used = {other for other in imports(path) if within(other, ("bot",)) and other != "bot"}
    wrong = {other for other in used if not within(other, (package, *ALLOWED[package]))}
    assert wrong == set(), f"{path} must not import {', '.join(sorted(wrong))}"


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
