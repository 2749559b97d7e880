"""`evaluate`: score a checkpoint, or say how well it knows the tunes of some files."""

import argparse
import json
import os
import sys
from pathlib import Path
from statistics import median
from typing import Any


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "evaluate",
        help="score a checkpoint",
        description="Bits per note on held-out tunes and the share of well-formed tunes; with files, coverage and bits"
        " per note on the tunes in them.",
    )
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="ABC files or folders")
    parser.add_argument("--checkpoint", type=Path, help="file (default: the shipped one)")
    parser.add_argument("--count", type=int, default=200, help="tunes to compose (default: 200)")
    parser.add_argument("--temperature", type=float, default=1.0, help="of those tunes (default: 1.0)")
    parser.add_argument("--seed", type=int, default=0, help="of those tunes (default: 0)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="CPU threads (default: all)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    import torch

    from model import checkpoint

    torch.set_num_threads(options.threads)
    loaded = checkpoint.read(options.checkpoint or checkpoint.SHIPPED)
    scores = _files(loaded, options.files) if options.files else _checkpoint(loaded, options)
    if options.json:
        print(json.dumps(scores, indent=2))
    else:
        for name, value in scores.items():
            print(
                f"{name.replace('_', ' '):<34}{value:.4f}"
                if isinstance(value, float)
                else f"{name.replace('_', ' '):<34}{value}"
            )
    return 0


def _files(loaded: Any, paths: list[Path]) -> dict[str, Any]:
    from model import corpus
    from model.evaluate import bits_per_note
    from model.sources import path_source

    built = corpus.build([path_source(path) for path in paths])
    bits = bits_per_note(loaded, built.tunes)
    read = sum(built.report.read.values())
    return {
        "tunes_read": read,
        "tunes_scored": bits.tunes,
        "coverage": bits.tunes / read if read else 0.0,
        "notes": bits.notes,
        "bits_per_note": bits.per_note,
    }


def _checkpoint(loaded: Any, options: argparse.Namespace) -> dict[str, Any]:
    from model import corpus
    from model.evaluate import article_well_formed, bits_per_note, compose_all, every_prompt, held_out
    from model.originality import Index
    from model.sampler import Sampler
    from model.sources import default_sources

    print("reading the corpus ...", file=sys.stderr)
    built = corpus.build(default_sources())
    characters = loaded.vocabulary["kind"] == "characters"
    scores: dict[str, Any] = {"preset": loaded.preset, "steps": loaded.facts.get("steps")}
    for name, sources in (("cobb_", ("cobb",)),) if characters else (("", ()), ("cobb_", ("cobb",))):
        bits = bits_per_note(loaded, held_out(built, sources))
        scores |= {f"{name}held_out_tunes": bits.tunes, f"{name}bits_per_note": bits.per_note}
    if characters:
        formed = article_well_formed(loaded, options.count, options.seed)
        return scores | {
            "generated": formed.count,
            "well_formed_bars": formed.bars / formed.count,
            "well_formed": formed.whole / formed.count,
        }
    sampled = compose_all(
        Sampler(loaded, index=Index.load()), every_prompt(options.count, options.temperature, options.seed)
    )
    return scores | {
        "generated": sampled.count,
        "well_formed": sampled.well_formed / sampled.count,
        "draws_per_tune": sampled.draws / sampled.count,
        "mask_removed": sampled.mask_removed,
        "max_similarity": max(sampled.similarities, default=0.0),
        "median_similarity": median(sampled.similarities or [0.0]),
    }
