"""`corpus`: read the sources, print what became of their tunes; fetch the seed article's collection."""

import argparse
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from model.commands.books import books, cobb
from model.commands.read import shipped_tokens
from model.corpus.build import KEPT, Corpus, Fate, Report, build, offered
from model.corpus.sources import fetch_cobb, path_source
from model.errors import InputError


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "corpus",
        help="show what training reads; fetch the article's collection",
        description="Turn sources into training tunes and print, per source, what was read, repaired and dropped.",
    )
    parser.add_argument(
        "paths", nargs="*", type=Path, metavar="PATH", help="ABC files or folders (default: the five books)"
    )
    parser.add_argument("--fetch", choices=["cobb"], help="download the article's collection and check its SHA-256")
    parser.add_argument("--list", action="store_true", help="also list the tunes that were not kept, by reason")
    parser.add_argument("--write-index", type=Path, metavar="FILE", help="write the originality index of the tunes")
    parser.add_argument("--write-titles", type=Path, metavar="FILE", help="write what new titles are made of")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    if options.fetch:
        found = cobb()
        print(found.files[0] if found else fetch_cobb())
        return 0
    sources = [path_source(path) for path in options.paths] if options.paths else books()
    if not options.paths and cobb() is None:
        print("the article's collection is not here; python -m model corpus --fetch cobb gets it", file=sys.stderr)
    built = build(sources, known=shipped_tokens() if options.paths else ())
    if options.list:
        print(listing(built.report))
    if not built.tunes:
        where = ", ".join(map(str, options.paths)) or "the books"
        raise InputError(f"there is no tune to learn from in {where}{built.report.commonest_reason()}")
    if options.write_index:
        from model.network import checkpoint
        from model.sampling.originality import index_of

        tunes = [(tune.normalized, tune.title, tune.source) for tune in built.tunes]
        checkpoint.write(options.write_index, index_of(tunes))
    if options.write_titles:
        from model.corpus.title_patterns import titles_of
        from model.network import checkpoint

        facts = titles_of([(tune.normalized.rhythm, tune.title) for tune in built.tunes])
        checkpoint.write(options.write_titles, checkpoint.Checkpoint("titles", {}, {}, facts, {}))
    print(report(built))
    return 0


def listing(report: Report) -> str:
    """The tunes that were not kept, under each reason: where they stand, and where in them the reason does."""
    lost: dict[str, list[Fate]] = defaultdict(list)
    for fate in report.fates:
        if fate.reason != KEPT:
            lost[fate.reason].append(fate)
    lines = []
    for reason, fates in sorted(lost.items(), key=lambda item: -len(item[1])):
        lines.append(f"{reason}: {len(fates)}")
        lines += [
            f"  {'  '.join(filter(None, (_place(fate), fate.title or fate.text.title, fate.place)))}" for fate in fates
        ]
    return "\n".join(lines)


def _place(fate: Fate) -> str:
    return f"{fate.text.file}:{fate.text.line}"


def report(corpus: Corpus) -> str:
    """The table of what became of each source's tunes, and the counts of splits and rhythms."""
    done = corpus.report
    lines = [f"{'source':<14}{'read':>6}{'kept':>6}{'repaired':>10}{'variants':>10}"]
    for name, read in done.read.items():
        repaired = sum(done.repaired[name].values())
        lines.append(f"{name:<14}{read:>6}{done.kept[name]:>6}{repaired:>10}{done.duplicates[name]:>10}")
    for heading, counts in (("repaired", done.repaired), ("dropped", done.dropped)):
        for name in done.read:
            lines += [f"{heading} in {name}: {count:>4}  {reason}" for reason, count in counts[name].most_common()]
    left_out = ", ".join(f"{kind} {count}" for kind, count in done.left_out.most_common())
    lines.append(f"left out of the tunes on purpose: {left_out or 'nothing'}")
    sizes = ", ".join(f"{side} {len(corpus.split(side))}" for side in ("train", "validation", "held-out"))
    groups = len({tune.group for tune in corpus.tunes})
    lines.append(f"{len(corpus.tunes)} tunes in {groups} families; {sizes}; {len(corpus.vocabulary())} tokens")
    lines.append("rhythms: " + ", ".join(f"{name} {count}" for name, count in offered(corpus).items()))
    return "\n".join(lines)
