"""`sound`: which soundfont tunes are played with, and downloading a free one."""

import argparse
import sys
from typing import Any

from bot.app.data_directory import make_data_directory
from bot.core.config import Config
from bot.render.sound.fetch import MIRROR, fetch


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "sound",
        help="show or download the soundfont that tunes are played with",
        description="Show which soundfont tunes are played with. With --fetch, download FluidR3Mono (MIT licence)"
        " into the data directory, from where the next start of the bot uses it unless [render] soundfont names"
        " another.",
    )
    parser.add_argument("--fetch", action="store_true", help="download FluidR3Mono and its licence")
    parser.add_argument("--mirror", default=MIRROR, metavar="URL", help="where the files are (default: %(default)s)")
    parser.set_defaults(run=run)


def run(config: Config, options: argparse.Namespace) -> int:
    if options.fetch:
        make_data_directory(config.data_dir)
        for path in fetch(config.soundfonts, options.mirror, progress=_show):
            print(path)
    print(f"tunes are played with {config.soundfont or 'the built-in soundfont'}")
    return 0


def _show(done: int, whole: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done / 1e6:.1f} of {whole / 1e6:.1f} MB", end="" if done < whole else "\n", file=sys.stderr)
