"""`sample`: compose tunes and write them as ABC."""

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from model.commands.arguments import add_prompt_options, add_threads_option, prompt_of
from model.music.abc_writer import write
from model.prompt import parse_count

BATCH = 64


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "sample",
        help="compose tunes as ABC on stdout",
        description="Compose tunes. Tune i has seed SEED + i; the same seed and checkpoint give the same tunes.",
    )
    add_prompt_options(parser)
    parser.add_argument("--checkpoint", type=Path, help="file (default: the shipped one)")
    add_threads_option(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    prompt = prompt_of(options)
    count = parse_count(options.count, most=100_000)
    import torch

    from model.network import checkpoint
    from model.sampling.critic import Critic
    from model.sampling.originality import Index
    from model.sampling.sampler import Sampler, numbered
    from model.sampling.titles import Titles

    torch.set_num_threads(options.threads)
    network = checkpoint.read(options.checkpoint or checkpoint.SHIPPED)
    sampler = Sampler(network, Titles.load(), Index.load(), Critic.load())
    started, tokens, written = time.monotonic(), 0, 0
    prompts = numbered(prompt, count)
    for start in range(0, count, BATCH):
        for composed in sampler.compose(prompts[start : start + BATCH]):
            tokens += composed.tokens
            written += 1
            sys.stdout.write(write(replace(composed.tune, number=written)) + "\n")
        sys.stdout.flush()
    seconds = time.monotonic() - started
    tunes = f"{count} tune{'s' * (count != 1)}"
    print(f"{tunes}, {tokens} tokens, {seconds:.2f} s, {tokens / seconds:.0f} tokens/s", file=sys.stderr)
    return 0
