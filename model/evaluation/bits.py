"""Bits per note on tunes that a checkpoint never saw.

Bits per note = -log2 of the probability of all tokens of a tune but the first, which is given, without the grammar,
over the tune's notes and rests. So vocabularies can be compared: characters and whole notes spell the same notes. Where
plans are inputs of the network, the bits that the plan costs are added.
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
    """-log2 of the probability of `tunes` tunes of `notes` notes; `left_out` tunes have tokens that are not known."""

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
    """Whether its vocabulary is of characters, as the seed article's, not of notes."""
    return bool(checkpoint.vocabulary.get("kind") == "characters")


@torch.inference_mode()
def bits_per_note(checkpoint: Checkpoint, tunes: Sequence[CorpusTune]) -> Bits:
    """Those of `tunes` by the checkpoint's network, each tune from the state zero. Raises CheckpointError."""
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
class Side:
    """One side of the corpus' split: all its tunes, and those of the source `cobb` that are on it in any corpus.

    The seed preset is trained on `cobb` alone, whose split does not depend on duplicates in other books.
    """

    tunes: tuple[CorpusTune, ...]
    cobb: tuple[CorpusTune, ...]


def sides(built: Corpus, cobb: Source | None) -> dict[str, Side]:
    """The sides `held-out` and `validation` of the corpus `built`, of which `cobb` is one source."""
    alone = build([cobb]) if cobb else None
    found = {}
    for side in ("held-out", "validation"):
        tunes = built.split(side)
        also = {tune.text for tune in alone.split(side)} if alone else set()
        found[side] = Side(tuple(tunes), tuple(t for t in tunes if t.source == "cobb" and t.text in also))
    return found
