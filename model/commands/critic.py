"""`critic`: train a critic that tells what a checkpoint composes from the books."""

import argparse
from pathlib import Path
from typing import Any

from model.commands.arguments import add_threads_option
from model.evaluation.progress import Progress
from model.prompt import parse_count


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "critic",
        help="teach a critic what a checkpoint composes otherwise than the books",
        description="Compose tunes like those of the books, learn to tell the two apart, and write what was learned."
        " The sampler then draws several drafts of a tune and gives one that the critic takes for a real one. It learns"
        " from 65% of the families to train on; evaluate compares with the others.",
    )
    parser.add_argument("--checkpoint", type=Path, help="file (default: the shipped one)")
    parser.add_argument("--copies", default="48", help="tunes to compose for each of the books' (default: 48)")
    parser.add_argument("--write", type=Path, required=True, metavar="FILE", help="where to write the critic")
    add_threads_option(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    copies = parse_count(options.copies, most=1000)
    import torch

    from model.commands.books import books
    from model.corpus.build import build
    from model.encoding.vocabulary import Vocabulary
    from model.errors import InputError
    from model.evaluation import matching, two_sample
    from model.evaluation.critic_training import train_critic
    from model.network import checkpoint

    if not two_sample.installed():
        raise InputError(two_sample.NOT_INSTALLED)
    torch.set_num_threads(options.threads)
    network = checkpoint.read(options.checkpoint or checkpoint.SHIPPED)
    with Progress() as progress:
        progress("reading the corpus")
        reals = matching.real_tunes(build(books()), Vocabulary.from_json(network.vocabulary))
        critic = train_critic(network, reals, copies, progress)
    checkpoint.write(options.write, critic)
    nodes = len(critic.weights["value"])
    print("{trees} trees, {nodes} nodes; {real} real and {composed} composed tunes".format(nodes=nodes, **critic.facts))
    return 0
