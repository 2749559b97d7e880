"""Scores by which checkpoints are compared, among them what they compose without the grammar."""

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import torch

from model.corpus.build import LONGEST_TUNE
from model.encoding.inputs import InputEncoder
from model.encoding.part_plan import Plans
from model.encoding.tokenizer import decode
from model.encoding.vocabulary import Vocabulary
from model.errors import NotationError
from model.evaluation import article
from model.evaluation.bits import Side, bits_per_note, network_of, writes_characters
from model.music.abc_reader import parse
from model.music.form import Form
from model.music.key import Key
from model.music.parts import parts_of, with_parts
from model.music.tune import Bar, Metre, Tune
from model.network.checkpoint import Checkpoint

HEADER = 4  # tokens that say rhythm, metre, mode and form
END = "|]"
LINES = ("|", "[1", "[2", "|:", "[|", END)


class Bars(NamedTuple):
    """A tune's bars as played: how many are of the right length, of how many, and whether all is well formed."""

    right: int
    all: int
    well_formed: bool


@dataclass(frozen=True)
class CheckpointScores:
    """Scores of one checkpoint. Bits per note are None where its vocabulary cannot spell the tunes.

    Of `tunes` composed without the grammar, `bars_right` is the share of bars as long as the metre says, where a part's
    pickup and last bar make one; `well_formed` the share of tunes with right bars, repeats and endings.
    """

    preset: str
    parameters: int
    steps: int | None
    validation_bits: float | None
    held_out_bits: float | None
    cobb_bits: float | None
    tunes: int
    bars_right: float
    well_formed: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def score(checkpoint: Checkpoint, validation: Side, held_out: Side, count: int, seed: int = 0) -> CheckpointScores:
    """The bits of `checkpoint` on two sides of one split, and its bars in `count` tunes at temperature 1.

    Raises CheckpointError.
    """
    network, _ = network_of(checkpoint)
    characters = writes_characters(checkpoint)

    def bits(tunes: Sequence[Any]) -> float | None:
        scored = bits_per_note(checkpoint, tunes)
        return scored.per_note if scored.notes else None

    if characters:
        bars = [bars_of_text(article.first_tune(text)) for text in article.article_texts(checkpoint, count, seed)]
    else:
        headers = [list(held_out.tunes[i % len(held_out.tunes)].tokens[:HEADER]) for i in range(count)]
        bars = [bars_of_tokens(tokens) for tokens in free_tunes(checkpoint, headers, seed)]
    return CheckpointScores(
        checkpoint.preset,
        network.parameter_count,
        checkpoint.facts.get("steps"),
        bits(validation.cobb if characters else validation.tunes),
        None if characters else bits(held_out.tunes),
        bits(held_out.cobb),
        count,
        sum(one.right for one in bars) / max(1, sum(one.all for one in bars)),
        sum(one.well_formed for one in bars) / count,
    )


@torch.inference_mode()
def free_tunes(checkpoint: Checkpoint, headers: Sequence[Sequence[str]], seed: int = 0) -> list[list[str]]:
    """The tokens of a tune for each of `headers`, drawn from the whole softmax, without the grammar.

    A tune of LONGEST_TUNE tokens breaks off. Raises CheckpointError.
    """
    network, vocabulary = network_of(checkpoint)
    generator = torch.Generator().manual_seed(seed)
    plans, draws = Plans.from_facts(checkpoint.facts), random.Random(seed)
    tunes = [list(header) for header in headers]
    encoders = [_encoder(vocabulary, header, plans, draws, network.config.inputs) for header in headers]
    state = None
    for at in range(LONGEST_TUNE - 1):
        rows = []
        for tune, encoder in zip(tunes, encoders, strict=True):
            token = tune[min(at, len(tune) - 1)]
            rows.append(encoder.read(token, vocabulary.ids[token]))
        logits, state = network(torch.tensor(rows)[:, None], state)
        drawn = torch.multinomial(logits[:, 0].softmax(-1), 1, generator=generator)[:, 0].tolist()
        for tune, token in zip(tunes, vocabulary.decode(drawn), strict=True):
            if len(tune) == at + 1 and tune[-1] != END:
                tune.append(token)
        if all(tune[-1] == END for tune in tunes):
            break
    return tunes


def _encoder(
    known: Vocabulary, header: Sequence[str], plans: Plans, draws: random.Random, inputs: Sequence[str]
) -> InputEncoder:
    """For as many parts as the form in a header has; 2, as usual, where it is `other`."""
    fields = {token[:2]: token[2:] for token in header}
    form = fields.get("F:", "other")
    parts = 2 if form == "other" else Form(form).sounding
    drawn = plans.draw(fields.get("R:", ""), min(parts, len(set(form))), draws.random())
    return InputEncoder(known, parts, [plan.id for plan in drawn], inputs)


def bars_of_text(abc: str) -> Bars:
    """The bars of ABC text. None of them is right where it cannot be read."""
    try:
        return _bars(parse(abc))
    except NotationError:
        return Bars(0, abc.count("|"), False)


def bars_of_tokens(tokens: Sequence[str]) -> Bars:
    """The bars of note tokens. None of them is right where they spell no tune."""
    try:
        tune = decode(tokens)
    except NotationError:
        tune = None
    if tokens[-1] != END or tune is None or not all(part.bars and all(part.endings) for part in tune.parts):
        return Bars(0, sum(token in LINES for token in tokens), False)
    blank = Tune("", Key(0, 0, tune.mode), Metre.parse(tune.metre_name), ())
    return _bars(with_parts(blank, tune.parts))


def _bars(tune: Tune) -> Bars:
    played, full = tune.played(), tune.metre.length
    right = sum(
        bar.length == full or _completed(before, bar, full) or _completed(bar, after, full)
        for before, bar, after in zip([played[-1], *played], played, [*played[1:], played[0]], strict=False)
    )
    try:
        parts_of(tune)
    except NotationError:
        return Bars(right, len(played), False)
    return Bars(right, len(played), True)


def _completed(last: Bar, pickup: Bar, full: Fraction) -> bool:
    """Whether `last` ends a part and makes one bar with the `pickup` that sounds after it."""
    return (last.double or last.end_repeat or pickup.start_repeat) and last.length + pickup.length == full
