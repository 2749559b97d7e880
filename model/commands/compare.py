"""`compare`: scores of several checkpoints in one table."""

import argparse
import json
from pathlib import Path
from typing import Any

from model.commands.arguments import add_threads_option
from model.evaluation.progress import Progress
from model.evaluation.table import aligned
from model.prompt import parse_count, parse_prompt


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "compare",
        help="set checkpoints side by side",
        description="One row a checkpoint: bits per note on one split of the corpus, on all its held-out tunes and on"
        " cobb's, the only ones the seed preset can be scored on; and what it composes without the grammar at"
        " temperature 1: the share of bars that are full, and of tunes with right bars, repeats and endings.",
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="checkpoints")
    parser.add_argument("--count", default="200", help="tunes that each composes (default: 200)")
    parser.add_argument("--seed", type=int, default=0, help="of those tunes (default: 0)")
    parser.add_argument("--json", action="store_true", help="print a JSON list")
    add_threads_option(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    count = parse_count(options.count, most=10_000)
    seed = parse_prompt("C", "reel", seed=options.seed).seed
    import torch

    from model.commands.books import books, cobb
    from model.corpus.build import build
    from model.evaluation.bits import sides
    from model.evaluation.compare import score
    from model.network import checkpoint

    torch.set_num_threads(options.threads)
    loaded = [checkpoint.read(path) for path in options.files]
    scores = []
    with Progress() as progress:
        progress("reading the corpus")
        split = sides(build(books()), cobb())
        for path, one in zip(options.files, loaded, strict=True):
            progress(str(path))
            scores.append(score(one, split["validation"], split["held-out"], count, seed))
    print(json.dumps([one.to_json() for one in scores], indent=2) if options.json else _table(scores))
    return 0


def _table(scores: list[Any]) -> str:
    names = ("preset", "parameters", "steps", "validation", "held out", "cobb", "bars right", "well formed")
    cells = [
        (
            one.preset,
            f"{one.parameters:,}",
            str(one.steps or "-"),
            *(
                "-" if bits is None else f"{bits:.3f}"
                for bits in (one.validation_bits, one.held_out_bits, one.cobb_bits)
            ),
            *(f"{share:.1%}" for share in (one.bars_right, one.well_formed)),
        )
        for one in scores
    ]
    return "bits per note on held-out tunes; bars and tunes without the grammar\n" + aligned([names, *cells])
