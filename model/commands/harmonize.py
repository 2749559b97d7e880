"""`harmonize`: write tunes with chord symbols."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from model.errors import InputError
from model.harmony.harmonizer import harmonize
from model.music.abc_reader import parse, tune_texts
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


def _texts(path: Path) -> Iterator[str]:
    """The tunes of a file. Raises InputError where there are none."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
    texts = list(tune_texts(text))
    if not texts:
        raise InputError(f"{path} holds no tune: each begins with X: and has a K: field")
    yield from texts


def _named(text: str) -> str:
    """What stands in a tune's X: and T: fields."""
    fields = dict(line.split(":", 1) for line in reversed(text.splitlines()) if line.startswith(("X:", "T:")))
    return " ".join(f"X:{fields.get('X', '').strip()} {fields.get('T', '').strip()}".split())[:80]
