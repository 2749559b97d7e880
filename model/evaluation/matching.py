"""Real tunes to set beside generated ones: those that pass the same rules, matched by rhythm, mode and form."""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

from model.corpus.build import Corpus, CorpusTune, percentile
from model.encoding.tokenizer import NormalizedTune
from model.encoding.vocabulary import Vocabulary
from model.errors import InputError
from model.music.abc_reader import parse
from model.music.parts import form_of, label
from model.music.rhythm import RHYTHMS
from model.prompt import Prompt
from model.sampling import detokenize
from model.sampling.grammar import Grammar, Rules, accepts

CRITICS = 65  # percent of the families to train on: the critic learns from these, and the tests never see them


@dataclass(frozen=True)
class Real:
    """A tune of the books that the sampler could have given, and the prompt it would have answered.

    `critics`: it is one of those that the critic learned from.
    """

    normalized: NormalizedTune
    prompt: Prompt
    critics: bool


def passing(corpus: Corpus, vocabulary: Vocabulary) -> list[Real]:
    """One tune a family that is a path of the strict grammar and in the range, in its own key; in corpus order."""
    found: dict[int, Real] = {}
    grammars: dict[Rules, Grammar] = {}
    for tune in corpus.tunes:
        prompt = None if tune.group in found else prompt_of(tune)
        if prompt and _passes(tune, prompt, vocabulary, grammars):
            found[tune.group] = Real(tune.normalized, prompt, tune.split == "train" and percentile(tune, 8) < CRITICS)
    return list(found.values())


def prompt_of(tune: CorpusTune) -> Prompt | None:
    """The prompt that a corpus tune would answer; None where there is none."""
    form = form_of(tune.normalized.parts)
    rhythm = RHYTHMS.get(tune.normalized.rhythm)
    if form is None or rhythm is None or rhythm.metre.length != tune.normalized.metre:
        return None
    return Prompt(parse(tune.text).key, rhythm.name, form=form)


def _passes(tune: CorpusTune, prompt: Prompt, vocabulary: Vocabulary, grammars: dict[Rules, Grammar]) -> bool:
    try:
        rules = detokenize.rules(prompt, vocabulary)
    except InputError:  # a mode the model never learned
        return False
    notes = chain.from_iterable(bar for part in tune.normalized.parts for bar in part.written_bars)
    inside = all(rules.low <= note.pitch.midi <= rules.high for note in notes if note.pitch)
    wide = replace(rules, low=0, high=127)  # one grammar for all keys of a mode
    if inside and wide not in grammars:
        grammars[wide] = Grammar(vocabulary, wide)
    return inside and accepts(grammars[wide], tune.tokens) == len(tune.tokens)


def drawn(reals: Sequence[Real], count: int, seed: int) -> list[Real]:
    """`count` of them, or all where there are fewer, in an order that `seed` gives."""
    return random.Random(seed).sample(list(reals), min(count, len(reals)))


def prompts_like(reals: Sequence[Real], temperature: float, seed: int) -> list[Prompt]:
    """For each real tune a prompt for a tune of its key, rhythm and form."""
    return [replace(real.prompt, temperature=temperature, seed=seed + i) for i, real in enumerate(reals)]


def alike(
    generated: Sequence[NormalizedTune], real: Sequence[NormalizedTune], seed: int
) -> tuple[list[NormalizedTune], list[NormalizedTune]]:
    """Pairs of a generated and a real song of one rhythm, mode and form, each used once; what has no match is left."""
    shelves: dict[tuple[str, str, str], list[NormalizedTune]] = defaultdict(list)
    for song in random.Random(seed).sample(list(real), len(real)):
        shelves[_kind(song)].append(song)
    pairs = [(song, shelves[_kind(song)].pop()) for song in generated if shelves.get(_kind(song))]
    return [one for one, _ in pairs], [other for _, other in pairs]


def _kind(song: NormalizedTune) -> tuple[str, str, str]:
    return song.rhythm, song.mode, label(song.parts)
