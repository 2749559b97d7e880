"""`rhythms`: learn to infer the rhythm of tunes that say none, and tell how often that is right."""

import argparse
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "rhythms",
        help="learn to infer the rhythm of tunes that say none",
        description="Print how often the rhythm of the books' labelled tunes is inferred rightly with the label hidden,"
        " each tune by what tunes of other families teach: rows are the books' rhythms, columns the inferred ones.",
    )
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the weights that all of them teach")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from model.commands.books import books
    from model.corpus.build import build
    from model.corpus.rhythm_features import features
    from model.errors import InputError
    from model.evaluation import rhythm_training, two_sample
    from model.files import write_atomically
    from model.music.abc_reader import parse

    if not two_sample.installed():
        raise InputError(two_sample.NOT_INSTALLED)
    corpus = build(books())
    found = rhythm_training.examples(corpus)
    print(table(rhythm_training.confusion(found)))
    if options.write:
        names = list(features(parse(corpus.tunes[0].text)))
        learned = rhythm_training.learn(found, names)
        write_atomically(options.write, _rows(learned).encode())
    return 0


def _rows(learned: dict[str, Any]) -> str:
    """JSON with the numbers of a rhythm in a line."""
    text = json.dumps(learned, indent=1)
    return re.sub(r"(?<=[\[,])\n\s+(?=[-\d])|(?<=\d)\n\s+(?=\])", " ", text) + "\n"


def table(counts: Counter[tuple[str, str]]) -> str:
    """The confusion table, and the share on its diagonal."""
    rhythms = sorted({rhythm for pair in counts for rhythm in pair})
    width = max(map(len, rhythms))
    lines = [" " * width + "".join(f"{rhythm[:9]:>10}" for rhythm in rhythms)]
    for said in rhythms:
        if any(counts[said, inferred] for inferred in rhythms):
            lines.append(f"{said:<{width}}" + "".join(f"{counts[said, inferred]:>10}" for inferred in rhythms))
    right = sum(count for (said, inferred), count in counts.items() if said == inferred)
    total = counts.total()
    return "\n".join([*lines, f"{right} of {total} right: {right / total:.1%}" if total else "no labelled tunes"])
