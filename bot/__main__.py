"""Tunesmith: a chat bot that composes folk tunes on demand. Without a command it runs until it is stopped."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.commands import backup, bench, check, compose, member, migrate, restore, retrain, serve, soak, sound, worker
from bot.core import config, logs
from bot.core.errors import BadRequest, ConfigError, NotAllowed, NotFound, TunesmithError
from model.commands.arguments import Parser
from model.errors import InputError, ModelError

_USERS_MISTAKES = (BadRequest, ConfigError, NotAllowed, NotFound, InputError)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit status: 0, 2 for bad input, 1 for a failure."""
    options = parser().parse_args(argv)
    run: Callable[[config.Config, argparse.Namespace], int] = options.run
    try:
        settings = config.load(options.config)
        logs.set_up(settings.log.format, "info" if options.verbose else settings.log.level)
        return run(settings, options)
    except _USERS_MISTAKES as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (TunesmithError, ModelError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def parser() -> Parser:
    """The parser of the command line; without a command the bot runs."""
    parser = Parser(prog=_called(), description=__doc__)
    parser.add_argument("--config", type=Path, help="settings (default: config.toml, where there is one)")
    parser.add_argument("--verbose", action="store_true", help="log what is being done")
    parser.set_defaults(run=serve.run)
    commands = parser.add_subparsers(metavar="COMMAND")
    for module in (serve, compose, retrain, check, backup, restore, member, migrate, sound, worker, bench, soak):
        module.add(commands)
    return parser


def _called() -> str:
    """How the user has called this program: by the command that is installed with it, or through Python."""
    return "tunesmith" if Path(sys.argv[0]).name == "tunesmith" else "python -m bot"


if __name__ == "__main__":
    sys.exit(main())
