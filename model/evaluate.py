"""How good a checkpoint is: bits per note on tunes it never saw, and how many of its tunes are well formed.

Bits per note = -log2 of the probability of all tokens of a tune but the first, which is given, grammar off, over the
tune's notes and rests. It compares vocabularies: characters and whole notes spend their bits on the same notes.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from model.abc_reader import parse, tune_texts
from model.checkpoint import Checkpoint
from model.corpus import Corpus, CorpusTune
from model.errors import NotationError
from model.form import parts_of, well_formed
from model.jobs import Form, Prompt
from model.key import Key
from model.network import Network, restored
from model.prepare import MARGIN, features, notes_in, text_notes
from model.rhythm import RHYTHMS
from model.sampler import Sampler
from model.vocabulary import Vocabulary

ARTICLE_LENGTH = 1000  # characters the article's notebook generates from "X"
BATCH = 64


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


@dataclass(frozen=True)
class WellFormed:
    """Of `count` tunes, how many had right bars, repeats and endings, and how many of those end on the tonic."""

    count: int
    bars: int
    whole: int


def network_of(checkpoint: Checkpoint) -> tuple[Network, Vocabulary]:
    """The network of a checkpoint, ready to predict, and its vocabulary. Raises CheckpointError."""
    return restored(checkpoint.network, checkpoint.weights), Vocabulary.from_json(checkpoint.vocabulary)


@torch.inference_mode()
def bits_per_note(checkpoint: Checkpoint, tunes: Sequence[CorpusTune]) -> Bits:
    """Score `tunes` with the checkpoint's network, each from an empty memory."""
    network, vocabulary = network_of(checkpoint)
    spelled = [(tune.text + MARGIN if vocabulary.kind == "characters" else tune.tokens) for tune in tunes]
    known = [i for i, tokens in enumerate(spelled) if all(token in vocabulary.ids for token in tokens)]
    bits, notes = 0.0, 0
    for i in known:
        bits += _bits(network, vocabulary, spelled[i])
        notes += text_notes(tunes[i].text) if vocabulary.kind == "characters" else notes_in(tunes[i].tokens)
    return Bits(len(known), len(tunes) - len(known), notes, bits)


def _bits(network: Network, vocabulary: Vocabulary, tokens: Sequence[str]) -> float:
    if vocabulary.kind == "characters":
        ids = torch.tensor(vocabulary.encode(tokens))
        inputs, targets = ids[:-1, None], ids[1:]
    else:
        inputs, targets = features(tokens, vocabulary, network.config.inputs)
    logits, _ = network(inputs[None])
    return float(F.cross_entropy(logits[0], targets, reduction="sum")) / math.log(2)


@torch.inference_mode()
def article_texts(checkpoint: Checkpoint, count: int, seed: int = 0) -> list[str]:
    """`count` texts of 1,000 characters, generated as in the article: from "X", each drawn from the whole softmax."""
    network, vocabulary = network_of(checkpoint)
    generator = torch.Generator().manual_seed(seed)
    texts: list[str] = []
    while len(texts) < count:
        rows = min(BATCH, count - len(texts))
        ids = torch.full((rows, 1), vocabulary.ids["X"])
        drawn, state = [ids], None
        for _ in range(ARTICLE_LENGTH):
            logits, state = network(drawn[-1][:, :, None], state)
            drawn.append(torch.multinomial(logits[:, 0].softmax(-1), 1, generator=generator))
        texts += ["".join(vocabulary.decode(row)) for row in torch.cat(drawn, 1).tolist()]
    return texts


def article_well_formed(checkpoint: Checkpoint, count: int = 200, seed: int = 0) -> WellFormed:
    """The first tune of each of `count` texts generated the article's way, judged without repairs."""
    bars = whole = 0
    for text in article_texts(checkpoint, count, seed):
        first = next(tune_texts(text), "")
        try:
            tune = parse(first)
            parts_of(tune)
        except NotationError:
            continue
        bars += 1
        last = tune.bars[-1].notes[-1].pitch
        whole += last is not None and last.midi % 12 == tune.key.tonic_class
    return WellFormed(count, bars, whole)


def every_prompt(count: int, temperature: float = 1.0, seed: int = 0) -> list[Prompt]:
    """`count` prompts that go round keys, rhythms and forms together, each combination in turn."""
    keys = [Key.parse(text) for text in ("D", "G", "A", "C", "Em", "Am", "Bm", "Edor", "Ador", "Ddor", "Dmix", "Amix")]
    rhythms, forms = list(RHYTHMS), [Form(parts, bars) for bars in Form.BARS for parts in Form.FORMS]
    return [
        Prompt(keys[i % len(keys)], rhythms[i % len(rhythms)], temperature, forms[i % len(forms)], seed + i)
        for i in range(count)
    ]


@dataclass(frozen=True)
class Sampled:
    """What came of composing `count` prompts: tunes that are as asked, draws, and probability the mask took a token.

    `similarities` are those of the tunes to their nearest corpus tunes.
    """

    count: int
    well_formed: int
    draws: int
    mask_removed: float
    similarities: tuple[float, ...]


def compose_all(sampler: Sampler, prompts: Sequence[Prompt]) -> Sampled:
    """Compose `prompts` and judge each tune by `well_formed`."""
    good = draws = 0
    similarities: list[float] = []
    sampler.measure_mask = True
    for start in range(0, len(prompts), BATCH):
        for _, outcome in sampler.stream(prompts[start : start + BATCH]):
            if isinstance(outcome, Exception):
                continue
            draws += outcome.draws
            similarities.append(outcome.nearest.similarity)
            good += not well_formed(outcome.tune, outcome.prompt.key, outcome.prompt.form)
    return Sampled(len(prompts), good, draws, sampler.mask_removed, tuple(similarities))


def held_out(corpus: Corpus, sources: Sequence[str] = ()) -> list[CorpusTune]:
    """The held-out tunes, of `sources` alone where any are named."""
    return [tune for tune in corpus.split("held-out") if not sources or tune.source in sources]
