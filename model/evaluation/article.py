"""Generates ABC text as the seed article does: 1,000 characters from "X", each drawn from the whole softmax."""

import torch

from model.errors import NotationError
from model.evaluation.bits import network_of
from model.music.abc_file import TuneText, tune_texts
from model.music.abc_reader import parse
from model.music.parts import parts_of
from model.music.tune import Tune
from model.network.checkpoint import Checkpoint

LENGTH = 1000  # characters, as in the article's notebook
BATCH = 64


@torch.inference_mode()
def article_texts(checkpoint: Checkpoint, count: int, seed: int = 0) -> list[str]:
    """`count` texts of LENGTH characters after the "X". Raises CheckpointError."""
    network, vocabulary = network_of(checkpoint)
    generator = torch.Generator().manual_seed(seed)
    texts: list[str] = []
    while len(texts) < count:
        rows = min(BATCH, count - len(texts))
        ids = torch.full((rows, 1), vocabulary.ids["X"])
        drawn, state = [ids], None
        for _ in range(LENGTH):
            logits, state = network(drawn[-1][:, :, None], state)
            drawn.append(torch.multinomial(logits[:, 0].softmax(-1), 1, generator=generator))
        texts += ["".join(vocabulary.decode(row)) for row in torch.cat(drawn, 1).tolist()]
    return texts


def first_tune(text: str) -> str:
    """The ABC of the first tune in a generated text; empty where none begins."""
    return next(tune_texts(text), TuneText("")).text


def with_right_bars(abc: str) -> Tune | None:
    """The tune of ABC text; None where its bars, repeats or endings are wrong."""
    try:
        tune = parse(abc)
        parts_of(tune)
    except NotationError:
        return None
    return tune


def ends_on_tonic(tune: Tune) -> bool:
    """Whether its last note, in the order they are written, is the tonic."""
    last = tune.bars[-1].notes[-1].pitch
    return last is not None and last.midi % 12 == tune.key.tonic_class
