"""`bench`: measure how fast sampling is."""

import argparse
import json
import sys
from typing import Any

from model.commands.arguments import add_threads_option


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "bench",
        help="measure how fast sampling is",
        description="Tokens/s of the sampler beside the plain ways to sample the same networks, and beside what the"
        " machine could do at most. Ratio is ours over the baseline.",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON list of rows")
    add_threads_option(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    import torch

    from model.evaluation.benchmark import figures

    torch.set_num_threads(options.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    name = torch.cuda.get_device_name() if device.type == "cuda" else f"CPU, {options.threads} threads"
    print(f"{name}; this takes a minute", file=sys.stderr)
    rows = figures(device, (1, 16, 64, 256, 512) if device.type == "cpu" else (1, 16, 64, 256, 1024, 4096))
    if options.json:
        print(json.dumps([row.to_json() for row in rows], indent=2))
        return 0
    print(f"{'':<24}{'baseline':>12}{'ours':>12}{'ratio':>9}{'goal':>7}  unit")
    for row in rows:
        goal = "" if row.goal is None else f"{row.goal:g}"
        print(f"{row.name:<24}{row.baseline:>12,.0f}{row.ours:>12,.0f}{row.ratio:>9.2f}{goal:>7}  {row.unit}")
    return 0
