"""`harmonize`: write tunes with chord symbols."""

import argparse
import sys
from pathlib import Path
from typing import Any

from model.corpus.sources import text_of
from model.errors import InputError
from model.harmony.harmonizer import harmonize
from model.music.abc_file import TuneText, tune_texts
from model.music.abc_reader import parse
from model.music.abc_writer import write


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "harmonize",
        help="set chords to tunes",
        description="Write the tunes of ABC files to stdout with chord symbols, a blank line between them. Chords that"
        " a tune has are kept. A tune that cannot be read is named on stderr and left out; the status is then 1.",
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE.abc")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    failed = False
    blank = ""
    for path in options.files:
        for text in _texts(path):
            try:
                written = write(harmonize(parse(text)))
            except InputError as error:
                failed = True
                print(f"error: {path}: {_named(text)}: {error}", file=sys.stderr)
            else:
                sys.stdout.write(blank + written)
                blank = "\n"
    return int(failed)


def _texts(path: Path) -> list[TuneText]:
    """The tunes of a file. Raises InputError where there are none."""
    texts = list(tune_texts(text_of(path)[0]))
    if not texts:
        raise InputError(f"{path} holds no tune: each begins with X: and has a K: field")
    return texts


def _named(text: TuneText) -> str:
    """What stands in a tune's X: and T: fields."""
    return f"X:{text.field('X')} {text.title}".strip()[:80]
