"""Bits per note on tunes that a checkpoint never saw.

Bits per note = -log2 of the probability of all tokens of a tune but the first, which is given, grammar off, over the
tune's notes and rests. It compares vocabularies: characters and whole notes spend their bits on the same notes.
A network that is told a plan pays for it: the bits that saying it takes are counted in.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from model.corpus.build import Corpus, CorpusTune, build
from model.corpus.sources import Source
from model.encoding.examples import inputs_and_targets, notes_in
from model.encoding.part_plan import Plans
from model.encoding.vocabulary import Vocabulary
from model.network.checkpoint import Checkpoint
from model.network.lstm import Network, restored
from model.training.dataset import MARGIN, text_notes


@dataclass(frozen=True)
class Bits:
    """-log2 probability of `tunes` tunes, over `notes` notes; `left_out` tunes have a token the model does not know."""

    tunes: int
    left_out: int
    notes: int
    bits: float

    @property
    def per_note(self) -> float:
        return self.bits / self.notes if self.notes else math.nan


def network_of(checkpoint: Checkpoint) -> tuple[Network, Vocabulary]:
    """The network of a checkpoint, ready to predict, and its vocabulary. Raises CheckpointError."""
    return restored(checkpoint.network, checkpoint.weights), Vocabulary.from_json(checkpoint.vocabulary)


def writes_characters(checkpoint: Checkpoint) -> bool:
    """Whether it is of the seed article's kind."""
    return bool(checkpoint.vocabulary.get("kind") == "characters")


@torch.inference_mode()
def bits_per_note(checkpoint: Checkpoint, tunes: Sequence[CorpusTune]) -> Bits:
    """Score `tunes` with the checkpoint's network, each from an empty memory."""
    network, vocabulary = network_of(checkpoint)
    characters = vocabulary.kind == "characters"
    spelled = [(tune.text + MARGIN if characters else tune.tokens) for tune in tunes]
    known = [i for i, tokens in enumerate(spelled) if all(token in vocabulary.ids for token in tokens)]
    plans = Plans.from_facts(checkpoint.facts)
    bits, notes = 0.0, 0
    for i in known:
        bits += _bits(network, vocabulary, spelled[i])
        bits += plans.bits(tunes[i].normalized)
        notes += text_notes(tunes[i].text) if characters else notes_in(tunes[i].tokens)
    return Bits(len(known), len(tunes) - len(known), notes, bits)


def _bits(network: Network, vocabulary: Vocabulary, tokens: Sequence[str]) -> float:
    if vocabulary.kind == "characters":
        ids = torch.tensor(vocabulary.encode(tokens))
        inputs, targets = ids[:-1, None], ids[1:]
    else:
        inputs, targets = inputs_and_targets(tokens, vocabulary, network.config.inputs)
    logits, _ = network(inputs[None])
    return float(F.cross_entropy(logits[0], targets, reduction="sum")) / math.log(2)


@dataclass(frozen=True)
class Split:
    """One side of the corpus: all its tunes, and those of `cobb` that are on that side whatever else is read.

    The seed preset learns from `cobb` alone, where a variant in another book cannot move a tune to the other side.
    """

    tunes: tuple[CorpusTune, ...]
    cobb: tuple[CorpusTune, ...]


def sides(built: Corpus, cobb: Source | None) -> dict[str, Split]:
    """`held-out` and `validation` of the corpus `built`, of which `cobb` is one source."""
    alone = build([cobb]) if cobb else None
    found = {}
    for side in ("held-out", "validation"):
        tunes = built.split(side)
        also = {tune.text for tune in alone.split(side)} if alone else set()
        found[side] = Split(tuple(tunes), tuple(t for t in tunes if t.source == "cobb" and t.text in also))
    return found
