"""Several checkpoints side by side, and what each composes without the grammar."""

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
from model.errors import NotationError
from model.evaluation import article
from model.evaluation.bits import Split, bits_per_note, network_of, writes_characters
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
    """Of a tune: how many of all its bars, as played, are right, and whether repeats and endings are as well."""

    right: int
    all: int
    whole: bool


@dataclass(frozen=True)
class Row:
    """One checkpoint. Bits per note are None where its vocabulary cannot spell the tunes.

    `bars_right` is the share of bars, of `tunes` composed without the grammar, that are as long as the metre says, a
    part's pickup and last bar together one; `well_formed` the share of tunes with right bars, repeats and endings.
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


def row(checkpoint: Checkpoint, validation: Split, held_out: Split, count: int, seed: int = 0) -> Row:
    """Score `checkpoint` on both sides of one split, and `count` tunes of it at temperature 1."""
    network, _ = network_of(checkpoint)
    characters = writes_characters(checkpoint)

    def bits(tunes: Sequence[Any]) -> float | None:
        scored = bits_per_note(checkpoint, tunes)
        return scored.per_note if scored.notes else None

    if characters:
        judged = [of_text(article.first_tune(text)) for text in article.article_texts(checkpoint, count, seed)]
    else:
        headers = [list(held_out.tunes[i % len(held_out.tunes)].tokens[:HEADER]) for i in range(count)]
        judged = [of_tokens(tokens) for tokens in free_tunes(checkpoint, headers, seed)]
    return Row(
        checkpoint.preset,
        network.parameter_count,
        checkpoint.facts.get("steps"),
        bits(validation.cobb if characters else validation.tunes),
        None if characters else bits(held_out.tunes),
        bits(held_out.cobb),
        count,
        sum(bars.right for bars in judged) / max(1, sum(bars.all for bars in judged)),
        sum(bars.whole for bars in judged) / count,
    )


@torch.inference_mode()
def free_tunes(checkpoint: Checkpoint, headers: Sequence[Sequence[str]], seed: int = 0) -> list[list[str]]:
    """Tokens of a tune for each of `headers`, drawn from the whole softmax with the inputs that the network was given.

    A tune of LONGEST_TUNE tokens breaks off.
    """
    network, vocabulary = network_of(checkpoint)
    generator = torch.Generator().manual_seed(seed)
    plans, draws = Plans.from_facts(checkpoint.facts), random.Random(seed)
    tunes = [list(header) for header in headers]
    encoders = [_encoder(header, plans, draws, network.config.inputs) for header in headers]
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


def _encoder(header: Sequence[str], plans: Plans, draws: random.Random, inputs: Sequence[str]) -> InputEncoder:
    """For the parts that the form in a header has; 2, the usual, where it names none."""
    said = {token[:2]: token[2:] for token in header}
    form = said.get("F:", "other")
    parts = 2 if form == "other" else Form(form).sounding
    drawn = plans.draw(said.get("R:", ""), min(parts, len(set(form))), draws.random())
    return InputEncoder(parts, [plan.id for plan in drawn], inputs)


def of_text(abc: str) -> Bars:
    """The bars of ABC text. One that cannot be read has none that is right."""
    try:
        return _bars(parse(abc))
    except NotationError:
        return Bars(0, abc.count("|"), False)


def of_tokens(tokens: Sequence[str]) -> Bars:
    """The bars of note tokens. Tokens that spell no tune have none that is right."""
    try:
        song = decode(tokens)
    except NotationError:
        song = None
    if tokens[-1] != END or song is None or not all(part.bars and all(part.endings) for part in song.parts):
        return Bars(0, sum(token in LINES for token in tokens), False)
    blank = Tune("", Key(0, 0, song.mode), Metre.parse(song.metre_name), ())
    return _bars(with_parts(blank, song.parts))


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
