"""`simulate-community`: do members' votes teach a version what they like, and nothing else?"""

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
    from model.retraining.simulation import RoundResult


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "simulate-community",
        help="show that a version learns what simulated members like",
        description="Simulated members with a hidden preference vote, with noise, on tunes that a version composes; it"
        " is tuned on the votes and put to the gate; and again. The network, the weights of votes, the tuning and the"
        " gate are those of the bot. Members whose taste is 'noise' toss a coin: nothing should be promoted.",
    )
    parser.add_argument(
        "--taste", nargs="+", metavar="TASTE", help="what members prefer, or noise (default: all but noise)"
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
    communities = [
        (preference, seed)
        for preference in _preferences(options.taste)
        for seed in range(options.first_seed, options.first_seed + seeds)
    ]
    results = _simulate(options, communities, rounds, votes)
    if options.plot:
        _draw(results, options.plot)
    print(json.dumps(list(map(_to_json, results)), indent=2) if options.json else _table(results))
    return 0


def _preferences(names: list[str] | None) -> list[str]:
    from model.retraining.simulated_preferences import MEASURES
    from model.retraining.simulation import NOISE

    if unknown := set(names or ()) - {*MEASURES, NOISE}:
        raise InputError(f"no taste {min(unknown)!r}: there are {', '.join([*MEASURES, NOISE])}")
    return names or list(MEASURES)


def _simulate(
    options: argparse.Namespace, communities: list[tuple[str, int]], rounds: int, votes: int
) -> list["RoundResult"]:
    """The rounds of each community, given by preference and seed; those in the file of `--rows` are not run again."""
    import torch

    from model.commands.books import books
    from model.network import checkpoint
    from model.retraining.replay import replay
    from model.retraining.simulation import Community
    from model.sampling.critic import Critic
    from model.sampling.originality import Index

    torch.set_num_threads(options.threads)
    base = checkpoint.read(options.checkpoint or checkpoint.SHIPPED)
    index, critic = Index.load(), Critic.load()
    results: list[RoundResult] = []
    known = _read(options.rows)
    with Progress() as progress:
        progress("reading the corpus")
        corpus = replay(books(), options.cache)
        for preference, seed in communities:
            found = known.get((preference, seed), [])
            if len(found) != rounds + 1:
                community = Community(
                    preference,
                    seed,
                    base,
                    corpus,
                    index,
                    critic,
                    votes=votes,
                    noise=options.noise,
                    cache=options.cache,
                    thorough=not options.hasty,
                    on_round=progress,
                )
                found = list(community.rounds(rounds))
                _append(found, options.rows)
            results += found
    return results


def _read(path: Path | None) -> dict[tuple[str, int], list["RoundResult"]]:
    """The rounds in a file of `--rows`, by preference and seed. InputError."""
    from model.retraining.simulation import RoundResult

    found: dict[tuple[str, int], list[RoundResult]] = {}
    if path is None or not path.exists():
        return found
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            result = RoundResult(**json.loads(line))
            found.setdefault((result.taste, result.seed), []).append(replace(result, failed=tuple(result.failed)))
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"{path} holds no rows of communities: {error}") from error
    return found


def _append(results: list["RoundResult"], path: Path | None) -> None:
    if path:
        with path.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(_to_json(result)) + "\n" for result in results)


def _to_json(result: "RoundResult") -> dict[str, Any]:
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(result).items()}


def _table(results: list["RoundResult"]) -> str:
    def number(value: float | None, form: str) -> str:
        return "-" if value is None else format(value, form)

    names = ("taste", "seed", "round", "liked", "bits/note", "diversity", "well formed", "promoted", "seconds")
    lines = [
        (
            result.taste,
            str(result.seed),
            str(result.round),
            f"{result.liked:.0%}",
            number(result.bits_per_note, ".3f"),
            number(result.diversity, ".1%"),
            number(result.well_formed, ".0%"),
            "-" if not result.round else "yes" if result.promoted else "no: " + ", ".join(result.failed),
            f"{result.seconds:.0f}",
        )
        for result in results
    ]
    return aligned([names, *lines])


def _draw(results: list["RoundResult"], path: Path) -> None:
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(result.taste for result in results))
    figure = Figure(figsize=(3 * len(names), 3), dpi=120, layout="constrained")
    for axes, name in zip(figure.subplots(1, len(names), sharey=True, squeeze=False)[0], names, strict=True):
        for seed in sorted({result.seed for result in results}):
            curve = [result for result in results if (result.taste, result.seed) == (name, seed)]
            axes.plot(
                [result.round for result in curve], [result.liked for result in curve], marker="o", label=f"seed {seed}"
            )
        axes.set(title=name, xlabel="retrainings", ylim=(0, 1), xticks=sorted({result.round for result in results}))
        axes.grid(alpha=0.3)
    figure.axes[0].set_ylabel("share of tunes that are liked")
    figure.axes[-1].legend(fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
