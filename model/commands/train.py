"""`train`: train a network of a preset."""

import argparse
import dataclasses
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.commands.arguments import add_threads_option
from model.commands.books import books, cobb
from model.corpus.sources import path_source
from model.errors import InputError
from model.network import presets

if TYPE_CHECKING:
    from model.training.dataset import Prepared


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "train",
        help="train a network",
        description="Train a network and keep its best weights. A killed run goes on with --resume.",
    )
    parser.add_argument(
        "--preset",
        required=True,
        choices=list(presets.NAMES),
        help="seed: the article's system; trad: the bot's; plain, lookback: trad with fewer inputs, to compare with",
    )
    parser.add_argument(
        "--corpus", nargs="+", type=Path, metavar="PATH", help="ABC files or folders (default: the preset's own)"
    )
    parser.add_argument("--steps", type=int, help="how many training steps at most (default: the preset's)")
    parser.add_argument("--out", type=Path, help="checkpoint to write (default: runs/PRESET.safetensors)")
    parser.add_argument("--resume", action="store_true", help="go on where the run that wrote OUT.resume was stopped")
    parser.add_argument(
        "--init", type=Path, metavar="FILE", help="start from the weights of this checkpoint of the same vocabulary"
    )
    parser.add_argument("--rate", type=float, help="learning rate (default: the preset's)")
    parser.add_argument("--seed", type=int, default=0, help="of the weights and the batches (default: 0)")
    add_threads_option(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    preset = presets.named(options.preset)
    if options.steps is not None:
        if options.steps < 1:
            raise InputError(f"--steps is {options.steps}: at least 1")
        preset = dataclasses.replace(preset, steps=options.steps)
    if options.rate is not None:
        if not 0 < options.rate <= 1:
            raise InputError(f"--rate is {options.rate}: more than 0, at most 1")
        preset = dataclasses.replace(preset, rate=options.rate)
    out = options.out or Path("runs") / f"{preset.name}.safetensors"
    sources = _sources(options)
    import torch

    from model.training.dataset import prepare
    from model.training.trainer import Trainer

    torch.set_num_threads(options.threads)
    prepared = prepare(preset, sources, options.seed)
    prepared.header["facts"]["command"] = shlex.join(["python", "-m", "model", *sys.argv[1:]])
    if options.init:
        _start_from(options.init, prepared)
    print(_description(preset.name, prepared.network.parameter_count), file=sys.stderr)
    trainer = Trainer(prepared.network, prepared.batches, preset, out, prepared.header, seed=options.seed)
    if options.resume and trainer.resume_path.exists():
        trainer.resume()
        print(f"resumed at step {trainer.step}", file=sys.stderr)
    try:
        trainer.run()
    except (KeyboardInterrupt, SystemExit):
        trainer.save_resume()
        print(f"stopped at step {trainer.step}; --resume goes on from there", file=sys.stderr)
        raise
    print(f"best held-out loss {min(trainer.history.held_out):.4f}, in {out}", file=sys.stderr)
    return 0


def _start_from(path: Path, prepared: "Prepared") -> None:
    from model.network import checkpoint
    from model.network.lstm import grow, restored

    loaded = checkpoint.read(path)
    if loaded.vocabulary != prepared.header["vocabulary"]:
        raise InputError(f"{path} knows other tokens than this corpus has: train anew, without --init")
    grow(prepared.network, restored(loaded.network, loaded.weights))
    prepared.header["facts"]["init"] = {"sha256": checkpoint.sha256(path), "facts": loaded.facts}


def _sources(options: argparse.Namespace) -> Any:
    if options.corpus:
        return [path_source(path) for path in options.corpus]
    if options.preset == "seed":
        found = cobb()
        if found is None:
            raise InputError("the article's collection is not here: run python -m model corpus --fetch cobb")
        return [found]
    return books()


def _description(preset: str, parameters: int) -> str:
    text = f"{preset}: {parameters:,} parameters"
    if preset == "seed":
        text += (
            "; the article counts 5,353,299: Keras keeps one bias for each LSTM gate, PyTorch two that are added"
            " (4 x 1024 = 4,096 more numbers, the same function)"
        )
    return text
