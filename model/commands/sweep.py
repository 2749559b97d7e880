"""`sweep`: compose tunes of all kinds, and count what is wrong with them."""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from model.commands.arguments import add_threads_option
from model.prompt import parse_count


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "sweep",
        help="compose over every key, rhythm, form and temperature and judge each tune",
        description="Compose over every key, rhythm, form and temperatures 0.2 to 1.5, and judge each tune: is it well"
        " formed, as asked, and nobody else's? Exits with 1 if one is not.",
    )
    parser.add_argument("--count", default="10000", help="tunes (default: 10000: each combination at least once)")
    parser.add_argument("--seed", type=int, default=0, help="of the first tune (default: 0)")
    parser.add_argument("--abc2midi", action="store_true", help="have abc2midi read every tune too")
    parser.add_argument("--checkpoint", type=Path, help="file (default: the shipped one)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_threads_option(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    count = parse_count(options.count, most=1_000_000)
    import torch

    from model.evaluation.sweep import sweep, sweep_prompts
    from model.network import checkpoint
    from model.sampling.critic import Critic
    from model.sampling.originality import LIMIT, Index
    from model.sampling.sampler import Sampler

    torch.set_num_threads(options.threads)
    sampler = Sampler(checkpoint.read(options.checkpoint or checkpoint.SHIPPED), None, Index.load(), Critic.load())
    modes = [token[2:].removeprefix("maj") for token in sampler.vocabulary.tokens if token.startswith("K:")]
    began = time.monotonic()

    def progress(done: int) -> None:
        if done % 640 == 0 or done == count:
            print(f"{done} of {count} tunes, {time.monotonic() - began:.0f} s", file=sys.stderr)

    found = sweep(sampler, list(sweep_prompts(count, modes, options.seed)), options.abc2midi, progress)
    if options.json:
        print(json.dumps(found.to_json(), indent=2))
    else:
        for name, value in found.to_json().items():
            if name != "faults":
                print(f"{name.replace('_', ' '):<18}{value:.4g}" if isinstance(value, float) else f"{name:<18}{value}")
        for fault, times in found.faults.most_common(20):
            print(f"{times} x {fault}")
    return 1 if found.faults or found.max_similarity > LIMIT else 0
