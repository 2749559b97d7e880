"""`simulate-community`: can members' votes teach a version their taste, and nothing else?"""

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.commands.arguments import add_threads_option
from model.errors import InputError
from model.evaluation.progress import Progress
from model.evaluation.table import aligned
from model.prompt import parse_count

if TYPE_CHECKING:
    from model.retraining.simulation import Row


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "simulate-community",
        help="show that a version learns what simulated members like",
        description="Simulated members with a hidden taste vote, with noise, on tunes that a version composes; it is"
        " tuned on the votes and put to the gate; and again. The network, the weights of votes, the tuning and the gate"
        " are those of the bot. The taste 'noise' tosses a coin: nothing should be promoted.",
    )
    parser.add_argument(
        "--taste", nargs="+", metavar="TASTE", help="some of the tastes, or noise (default: all but noise)"
    )
    parser.add_argument("--seeds", default="3", help="communities of each taste (default: 3)")
    parser.add_argument("--first-seed", type=int, default=0, help="of the first community (default: 0)")
    parser.add_argument("--rounds", default="3", help="retrainings of each (default: 3)")
    parser.add_argument("--votes", default="500", help="votes before each retraining (default: 500)")
    parser.add_argument("--noise", type=float, default=0.1, help="share of votes that are wrong (default: 0.1)")
    parser.add_argument("--hasty", action="store_true", help="stop the gate at the first test that fails")
    parser.add_argument("--checkpoint", type=Path, help="version 1 (default: the shipped one)")
    parser.add_argument("--cache", type=Path, metavar="DIR", help="where to keep what is the same the next time")
    parser.add_argument(
        "--rows", type=Path, metavar="FILE", help="keep the rows of each community here; those in it are not run again"
    )
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the liked share by round as a PNG")
    parser.add_argument("--json", action="store_true", help="print one JSON list")
    add_threads_option(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    seeds, rounds, votes = (
        parse_count(text, most=most)
        for text, most in ((options.seeds, 1000), (options.rounds, 100), (options.votes, 100_000))
    )
    if not 0 <= options.noise <= 0.5:
        raise InputError(f"--noise is {options.noise}: from 0 to 0.5")
    import torch

    from model.corpus.sources import default_sources
    from model.network import checkpoint
    from model.retraining.replay import replay
    from model.retraining.simulated_preferences import TASTES
    from model.retraining.simulation import NOISE, Community
    from model.sampling.critic import Critic
    from model.sampling.originality import Index

    tastes = options.taste or list(TASTES)
    if unknown := set(tastes) - {*TASTES, NOISE}:
        raise InputError(f"no taste {min(unknown)!r}: there are {', '.join([*TASTES, NOISE])}")
    torch.set_num_threads(options.threads)
    base = checkpoint.read(options.checkpoint or checkpoint.SHIPPED)
    index, critic = Index.load(), Critic.load()
    rows: list[Row] = []
    known = _known(options.rows)
    with Progress() as progress:
        progress("reading the corpus")
        corpus = replay(default_sources(), options.cache)
        for taste in tastes:
            for seed in range(options.first_seed, options.first_seed + seeds):
                if len(done := known.get((taste, seed), [])) == rounds + 1:
                    rows += done
                    continue
                community = Community(
                    taste,
                    seed,
                    base,
                    corpus,
                    index,
                    critic,
                    votes=votes,
                    noise=options.noise,
                    cache=options.cache,
                    thorough=not options.hasty,
                    heard=progress,
                )
                found = list(community.rounds(rounds))
                rows += found
                _keep(found, options.rows)
    if options.plot:
        _draw(rows, options.plot)
    print(json.dumps([_public(row) for row in rows], indent=2) if options.json else _table(rows))
    return 0


def _known(path: Path | None) -> dict[tuple[str, int], list["Row"]]:
    from model.retraining.simulation import Row

    found: dict[tuple[str, int], list[Row]] = {}
    if path is None or not path.exists():
        return found
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            row = Row(**json.loads(line))
            found.setdefault((row.taste, row.seed), []).append(replace(row, failed=tuple(row.failed)))
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"{path} holds no rows of communities: {error}") from error
    return found


def _keep(rows: list["Row"], path: Path | None) -> None:
    if path:
        with path.open("a", encoding="utf-8") as file:
            file.write("".join(json.dumps(_public(row)) + "\n" for row in rows))


def _public(row: "Row") -> dict[str, Any]:
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(row).items()}


def _table(rows: list["Row"]) -> str:
    def number(value: float | None, form: str) -> str:
        return "-" if value is None else format(value, form)

    names = ("taste", "seed", "round", "liked", "bits/note", "diversity", "well formed", "promoted", "seconds")
    cells = [
        (
            row.taste,
            str(row.seed),
            str(row.round),
            f"{row.liked:.0%}",
            number(row.bits_per_note, ".3f"),
            number(row.diversity, ".1%"),
            number(row.well_formed, ".0%"),
            "-" if not row.round else "yes" if row.promoted else "no: " + ", ".join(row.failed),
            f"{row.seconds:.0f}",
        )
        for row in rows
    ]
    return aligned([names, *cells])


def _draw(rows: list["Row"], path: Path) -> None:
    from matplotlib.figure import Figure

    tastes = list(dict.fromkeys(row.taste for row in rows))
    figure = Figure(figsize=(3 * len(tastes), 3), dpi=120, layout="constrained")
    for axes, taste in zip(figure.subplots(1, len(tastes), sharey=True, squeeze=False)[0], tastes, strict=True):
        for seed in sorted({row.seed for row in rows}):
            line = [row for row in rows if (row.taste, row.seed) == (taste, seed)]
            axes.plot([row.round for row in line], [row.liked for row in line], marker="o", label=f"seed {seed}")
        axes.set(title=taste, xlabel="retrainings", ylim=(0, 1), xticks=sorted({row.round for row in rows}))
        axes.grid(alpha=0.3)
    figure.axes[0].set_ylabel("share of tunes that are liked")
    figure.axes[-1].legend(fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
