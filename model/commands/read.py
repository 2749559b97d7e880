"""`read`: what Tunesmith makes of each tune in ABC files."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from model.corpus.build import Fate, build
from model.corpus.rhythms import rhythm_of
from model.corpus.sources import path_source, text_of
from model.errors import NotationError
from model.music.abc_file import TuneText
from model.music.abc_reader import parse
from model.music.abc_writer import write
from model.music.tune import Tune

NO_TUNE = "no tune in this file: a tune has a K: field, and begins with X:"
_COUNTED = """
    comment directive decoration annotation grace slur chord lyrics text_block symbol_line continued_line
"""
_EVERYDAY = frozenset(kind.replace("_", " ") for kind in _COUNTED.split())  # remarks that are counted, not placed


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "read",
        help="show what is read in ABC files",
        description="Print what Tunesmith makes of each tune in ABC files: the tune in plain ABC 2.1 with remarks as"
        " comments, or JSON. Exits with 1 where a tune could not be read.",
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="ABC files or folders")
    parser.add_argument("--json", action="store_true", help="print a JSON list with an object for each tune")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    sources = [path_source(path) for path in options.files]
    files = [path for source in sources for path in source.files]
    for path in files:
        if guess := text_of(path)[1]:
            print(f"{path}: {guess}", file=sys.stderr)
    entries = list(_entries(files, build(sources, known=shipped_tokens()).report.fates))
    if options.json:
        lines = (json.dumps(entry(*one), ensure_ascii=False) for one in entries)
        print("[" + ",\n".join(lines) + "]")
    else:
        print("%abc-2.1")  # without it, music21 takes an accidental to hold for one note alone
        print("\n\n".join(_abc(*one).rstrip("\n") for one in entries))
    return int(any(isinstance(read, NotationError) for _, _, read in entries))


def shipped_tokens() -> frozenset[str]:
    """What the shipped checkpoint knows: no tune is left out for having it."""
    from model.network import checkpoint

    return frozenset(checkpoint.read(checkpoint.SHIPPED).vocabulary["tokens"])


Entry = tuple[Path, Fate, Tune | NotationError]


def _entries(files: list[Path], fates: list[Fate]) -> Iterator[Entry]:
    """Each file's tunes, in order; one that is an error for a file that holds none."""
    for path in files:
        here = [fate for fate in fates if fate.text.file == str(path)]
        for fate in here:
            yield path, fate, _read(fate.text)
        if not here:
            yield path, Fate("", TuneText(""), reason="no tune"), NotationError(NO_TUNE)


def _read(text: TuneText) -> Tune | NotationError:
    try:
        return parse(text)
    except NotationError as error:
        return error


def entry(path: Path, fate: Fate, read: Tune | NotationError) -> dict[str, Any]:
    """The JSON object of a tune."""
    tune = read if isinstance(read, Tune) else None
    return {
        "file": str(path),
        "x": fate.text.number,
        "title": tune.title if tune else fate.text.title,
        "rhythm": rhythm_in_words(tune, fate.text.text) if tune else fate.text.field("R"),
        "key": str(tune.key) if tune else None,
        "metre": str(tune.metre) if tune else None,
        "notes": [[pitch, str(length)] for pitch, length in tune.joined_notes()] if tune else [],
        "dropped": tune.dropped if tune else {},
        "error": str(read) if isinstance(read, NotationError) else None,
        "corpus": fate.reason,
    }


def rhythm_in_words(tune: Tune, text: str) -> str:
    """The rhythm: one of ours, or as the tune's own R: field has it."""
    rhythm, origin = rhythm_of(tune, text)
    return tune.rhythm if tune.rhythm and origin != "R" else rhythm


def _abc(path: Path, fate: Fate, read: Tune | NotationError) -> str:
    if isinstance(read, NotationError):
        return f"% {path}{f' ({fate.text.title})' if fate.text.title else ''}: not read: {read}"
    return "\n".join([*(f"% {remark}" for remark in _remarks(fate, read)), write(read)])


def _remarks(fate: Fate, tune: Tune) -> Iterator[str]:
    counts = Counter(remark.kind for remark in tune.remarks if remark.kind in _EVERYDAY)
    if counts:
        yield "left out: " + ", ".join(f"{kind} {count}" for kind, count in counts.most_common())
    for remark in tune.remarks:
        if remark.kind not in _EVERYDAY:
            yield f"line {remark.line}, column {remark.column}: {remark.kind}"
    rhythm, origin = rhythm_of(tune, fate.text.text)
    if origin != "R":
        yield f"rhythm: {rhythm}, by its {'notes' if origin == 'inferred' else origin}"
    yield f"corpus: {fate.reason}"
