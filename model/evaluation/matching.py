"""Real tunes to compare with composed ones: of the same rules, matched by rhythm, mode and form."""

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

FOR_CRITIC = 65  # percent of the duplicate groups to train on: critics are trained on these, and no test uses them


@dataclass(frozen=True)
class RealTune:
    """A tune of the books that the sampler could have composed, and the prompt for it.

    `for_critic`: whether critics are trained on it.
    """

    normalized: NormalizedTune
    prompt: Prompt
    for_critic: bool


def real_tunes(corpus: Corpus, vocabulary: Vocabulary) -> list[RealTune]:
    """One tune of each duplicate group that is a path of the strict grammar and, in its own key, in the range."""
    found: dict[int, RealTune] = {}
    grammars: dict[Rules, Grammar] = {}
    for tune in corpus.tunes:
        prompt = None if tune.group in found else prompt_of(tune)
        if prompt and _passes(tune, prompt, vocabulary, grammars):
            found[tune.group] = RealTune(
                tune.normalized, prompt, tune.split == "train" and percentile(tune, 8) < FOR_CRITIC
            )
    return list(found.values())


def prompt_of(tune: CorpusTune) -> Prompt | None:
    """The prompt for a corpus tune; None where its form or metre cannot be asked for."""
    form = form_of(tune.normalized.parts)
    rhythm = RHYTHMS.get(tune.normalized.rhythm)
    if form is None or rhythm is None or rhythm.metre.length != tune.normalized.metre:
        return None
    return Prompt(parse(tune.text).key, rhythm.name, form=form)


def _passes(tune: CorpusTune, prompt: Prompt, vocabulary: Vocabulary, grammars: dict[Rules, Grammar]) -> bool:
    try:
        rules = detokenize.rules(prompt, vocabulary)
    except InputError:  # of a mode that the vocabulary lacks
        return False
    notes = chain.from_iterable(bar for part in tune.normalized.parts for bar in part.written_bars)
    inside = all(rules.low <= note.pitch.midi <= rules.high for note in notes if note.pitch)
    wide = replace(rules, low=0, high=127)  # one grammar for all keys of a mode
    if inside and wide not in grammars:
        grammars[wide] = Grammar(vocabulary, wide)
    return inside and accepts(grammars[wide], tune.tokens) == len(tune.tokens)


def sample(reals: Sequence[RealTune], count: int, seed: int) -> list[RealTune]:
    """`count` of them, or all where there are fewer, in random order by `seed`."""
    return random.Random(seed).sample(list(reals), min(count, len(reals)))


def prompts_like(reals: Sequence[RealTune], temperature: float, seed: int) -> list[Prompt]:
    """For each real tune a prompt for a tune of its key, rhythm and form."""
    return [replace(real.prompt, temperature=temperature, seed=seed + i) for i, real in enumerate(reals)]


def matched_pairs(
    generated: Sequence[NormalizedTune], real: Sequence[NormalizedTune], seed: int
) -> tuple[list[NormalizedTune], list[NormalizedTune]]:
    """Pairs of a generated and a real tune of one rhythm, mode and form, each used once, as two lists.

    Tunes without a match are left out.
    """
    by_kind: dict[tuple[str, str, str], list[NormalizedTune]] = defaultdict(list)
    for tune in random.Random(seed).sample(list(real), len(real)):
        by_kind[_kind(tune)].append(tune)
    pairs = [(tune, by_kind[_kind(tune)].pop()) for tune in generated if by_kind.get(_kind(tune))]
    return [one for one, _ in pairs], [other for _, other in pairs]


def _kind(tune: NormalizedTune) -> tuple[str, str, str]:
    return tune.rhythm, tune.mode, label(tune.parts)
