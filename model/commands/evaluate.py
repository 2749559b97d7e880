"""`evaluate`: score a checkpoint, or only its bits per note on the tunes of some files."""

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

from model.commands.arguments import add_threads_option
from model.errors import ModelError
from model.evaluation.progress import Progress
from model.evaluation.table import table
from model.prompt import parse_count, parse_prompt

UNKNOWN = "a note or metre that the checkpoint does not know"


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "evaluate",
        help="score a checkpoint",
        description="Score a checkpoint: bits per note on held-out tunes; tunes that it composes, read by abc2midi,"
        " music21 and abcjs where installed; compliance, originality, habits beside the books', and how well a"
        " classifier tells them from real ones. With files, coverage and bits per note on the tunes in them.",
    )
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="ABC files or folders")
    parser.add_argument("--checkpoint", type=Path, help="file (default: the shipped one)")
    parser.add_argument("--count", default="500", help="tunes to compose for each test (default: 500)")
    parser.add_argument("--temperature", default="1.0", help="of those tunes (default: 1.0)")
    parser.add_argument("--seed", type=int, default=0, help="of all that chance decides (default: 0)")
    parser.add_argument("--plots", type=Path, metavar="DIR", help="write the figures as PNG files")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_threads_option(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    count = parse_count(options.count, most=100_000)
    checked = parse_prompt("C", "reel", options.temperature, seed=options.seed)
    import torch

    from model.network import checkpoint

    torch.set_num_threads(options.threads)
    loaded = checkpoint.read(options.checkpoint or checkpoint.SHIPPED)
    if options.files:
        scores = _files(loaded, options.files)
    else:
        scores = _checkpoint(loaded, count, checked.temperature, checked.seed, options)
    print(json.dumps(scores, indent=2, ensure_ascii=False) if options.json else table(scores))
    return 0


def _files(loaded: Any, paths: list[Path]) -> dict[str, Any]:
    from model.corpus.build import build
    from model.corpus.sources import path_source
    from model.evaluation.bits import bits_per_note

    built = build([path_source(path) for path in paths], least_uses=1)
    bits = bits_per_note(loaded, built.tunes)
    where = ", ".join(map(str, paths))
    if not built.tunes:
        raise ModelError(f"there is no tune to score in {where}{built.report.commonest_reason()}")
    if not bits.tunes:
        raise ModelError(f"the checkpoint knows the notes of none of the {bits.left_out} tunes in {where}")
    read = len(built.report.fates)
    dropped = sum(built.report.dropped.values(), Counter({UNKNOWN: bits.left_out}))
    return {
        "tunes_read": read,
        "tunes_scored": bits.tunes,
        "coverage": bits.tunes / read,
        "notes": bits.notes,
        "bits_per_note": bits.per_note,
        "not_scored": dict((+dropped).most_common()),
    }


def _checkpoint(loaded: Any, count: int, temperature: float, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    from model.commands.books import books, cobb
    from model.corpus.build import build
    from model.evaluation.bits import sides
    from model.evaluation.groups import EvaluationOptions
    from model.evaluation.plots import draw
    from model.evaluation.scores import evaluate
    from model.sampling.critic import Critic
    from model.sampling.originality import Index

    with Progress() as progress:
        progress("reading the corpus")
        built = build(books())
        settings = EvaluationOptions(count, temperature, seed, options.threads, progress)
        held_out = sides(built, cobb())["held-out"]
        evaluation = evaluate(loaded, built, held_out, Index.load(), Critic.load(), settings)
        if options.plots:
            progress("drawing")
            draw(evaluation, options.plots)
    return evaluation.scores
