"""`worker`: compose the jobs that arrive on stdin."""

import argparse
import io
import os
import signal
import sys
from pathlib import Path
from typing import Any

from model.commands.arguments import add_threads_option


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "worker",
        help="compose jobs from stdin (the bot starts this)",
        description="Read jobs as JSON lines from stdin, compose them in batches, write events to stdout.",
    )
    parser.add_argument("--checkpoint", type=Path, help="for jobs that name none (default: the shipped one)")
    add_threads_option(parser, 1)
    parser.add_argument("--keep", type=int, default=3, help="versions held in memory at once (default: 3)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal reaches us too; the bot closes our input
    events = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a library that prints must not break the protocol

    import torch

    from model.network import checkpoint
    from model.worker.worker import Worker

    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # bytes that are no text are a line that is no job
    torch.set_num_threads(options.threads)
    worker = Worker(options.checkpoint or checkpoint.SHIPPED, sys.stdin, events, options.keep)
    signal.signal(signal.SIGTERM, lambda *_: worker.drain())
    worker.run()
    return 0
