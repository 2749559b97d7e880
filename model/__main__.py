"""The command line of `model`: `python -m model COMMAND --help` explains each."""

import argparse
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence

from model.commands import (
    bench,
    community,
    compare,
    corpus,
    critic,
    evaluate,
    finetune,
    harmonize,
    read,
    rhythms,
    sample,
    sweep,
    train,
    worker,
)
from model.commands.arguments import Parser
from model.errors import InputError, ModelError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit status: 0, 2 for bad input, 1 for a failure."""
    options = parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO if options.verbose else logging.WARNING, stream=sys.stderr)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except ModelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # `sample | head` closed our output
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130


def parser() -> Parser:
    """The parser of the command line."""
    parser = Parser(prog="python -m model", description=__doc__)
    parser.add_argument("--verbose", action="store_true", help="log what is being done")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in (
        train,
        evaluate,
        finetune,
        community,
        compare,
        corpus,
        read,
        rhythms,
        critic,
        sample,
        harmonize,
        sweep,
        worker,
        bench,
    ):
        module.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
