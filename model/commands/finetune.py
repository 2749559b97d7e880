"""`finetune`: tune a version on members' votes, and put the candidate to the gate."""

import argparse
import json
import os
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from model.commands.arguments import add_threads_option
from model.files import write_atomically
from model.prompt import parse_count
from model.retraining.protocol import Step

NICENESS = 19


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "finetune",
        help="tune a version on members' votes",
        description="Tune a copy of a version on voted tunes and test the candidate. Progress goes to stdout as JSON"
        " lines; the candidate and the report are written whether it passes or not. It runs at low priority.",
    )
    parser.add_argument("--base", type=Path, help="checkpoint to start from (default: the shipped one)")
    parser.add_argument("--baseline", type=Path, help="version 1, which sets the gate's limits (default: the shipped)")
    parser.add_argument(
        "--votes",
        type=Path,
        required=True,
        help='JSON lines: {"id": 1, "abc": "X:1...", "rhythm": "reel", "weight": -1.5}',
    )
    parser.add_argument("--out", type=Path, required=True, help="candidate to write")
    parser.add_argument("--report", type=Path, required=True, help="report to write, JSON")
    parser.add_argument(
        "--corpus",
        nargs="+",
        type=Path,
        metavar="PATH",
        help="ABC to keep as likely as it was (default: what the shipped one learned)",
    )
    parser.add_argument("--composed", default="500", help="tunes that the gate looks at (default: 500)")
    parser.add_argument("--cache", type=Path, metavar="DIR", help="where to keep what is the same the next time")
    parser.add_argument("--seed", type=int, default=0, help="of all that chance decides (default: 0)")
    parser.add_argument("--nice", type=int, default=NICENESS, help=f"priority, 0 is the usual (default: {NICENESS})")
    parser.add_argument("--attached", action="store_true", help="end when standard input closes")
    add_threads_option(parser, default=1)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    composed = parse_count(options.composed, most=100_000)
    if options.attached:
        threading.Thread(target=_end_with_stdin, name="stdin", daemon=True).start()
    with suppress(OSError):  # composing goes first
        os.nice(options.nice)
    import torch

    from model.commands.books import books
    from model.corpus.sources import path_source
    from model.encoding.vocabulary import Vocabulary
    from model.network import checkpoint
    from model.retraining import voted_tunes
    from model.retraining.finetune import check
    from model.retraining.replay import replay
    from model.retraining.retrain import retrain
    from model.sampling.originality import Index

    torch.set_num_threads(options.threads)
    current = checkpoint.read(options.base or checkpoint.SHIPPED)
    base = checkpoint.read(options.baseline or checkpoint.SHIPPED)
    tunes = voted_tunes.read(options.votes, Vocabulary.from_json(current.vocabulary))
    check(current, voted_tunes.split(tunes)[0])  # before the books, which take a minute
    _print_step(Step("reading"))
    sources = [path_source(path) for path in options.corpus] if options.corpus else books()
    corpus, index = replay(sources, options.cache), Index.load()
    candidate, report = retrain(
        current,
        base,
        tunes,
        corpus,
        index,
        cache=options.cache,
        seed=options.seed,
        composed=composed,
        on_step=_print_step,
    )
    checkpoint.write(options.out, candidate, torch.float16)
    report = replace(report, sha256=checkpoint.sha256(options.out))
    write_atomically(options.report, json.dumps(report.to_json(), indent=2, ensure_ascii=False).encode())
    for test in report.tests:
        print(f"{'passed' if test.passed else 'FAILED'}  {test.name}: {test.says}", file=sys.stderr)
    return 0


def _print_step(step: Step) -> None:
    print(step.to_line(), end="", flush=True)


def _end_with_stdin() -> None:
    """Whoever started this is gone when standard input ends; half-written files do not exist, so leave at once."""
    while os.read(0, 4096):  # not sys.stdin: a thread that holds its lock makes Python abort at the end
        pass
    os._exit(143)
