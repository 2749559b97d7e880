"""Scores by what no critic counts: detectors of other kinds, habits of players, spelling and titles.

Each score of composed tunes stands beside that of real ones, under its name with `_real`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from threadpoolctl import threadpool_limits

from model.corpus.build import Corpus
from model.corpus.titles import clean
from model.encoding.tokenizer import NormalizedTune
from model.errors import InputError
from model.evaluation import detectors, matching
from model.evaluation.detectors import Sides
from model.evaluation.groups import EvaluationOptions, Missing
from model.evaluation.matching import RealTune
from model.features import idioms
from model.music.abc_reader import parse
from model.music.form import Form
from model.music.key import Key
from model.music.spelling import acceptable
from model.music.tune import Tune
from model.prompt import Prompt
from model.sampling.batch_composing import Batch
from model.sampling.sampler import numbered
from model.sampling.titles import Titles

ONE_PROMPT = Prompt(Key.parse("D"), "reel", form=Form("AABB"))  # of tunes that may share bars,
ONE_PROMPTS = 300  # and how many are compared at most
Compose = Callable[[Sequence[Prompt]], Batch]


@dataclass(frozen=True)
class Judged:
    """What is judged: tunes composed for the prompts of real ones, and other tunes of the same sampler.

    `pairs` are (composed, real) tunes whose real ones no critic has heard, `more` those that critics learn from.
    """

    pairs: Sequence[tuple[NormalizedTune, NormalizedTune]]
    more: Sequence[tuple[NormalizedTune, NormalizedTune]]
    others: Sequence[NormalizedTune]
    written: Sequence[Tune]


def pairs_of(batch: Batch, reals: Sequence[RealTune]) -> list[tuple[NormalizedTune, NormalizedTune]]:
    """Each composed tune of `batch` with the real one whose prompt it had."""
    return [(one.normalized, reals[index].normalized) for index, one in sorted(batch.composed.items())]


def judge_scores(
    judged: Judged, corpus: Corpus, reals: Sequence[RealTune], compose: Compose, options: EvaluationOptions
) -> dict[str, Any]:
    """All scores of this module. `compose` composes the tunes that may share bars."""
    prompt = replace(ONE_PROMPT, temperature=options.temperature, seed=options.seed)
    alike = compose(numbered(prompt, min(options.count, ONE_PROMPTS)))
    return (
        detector_scores(judged, reals, options)
        | idiom_scores(judged, reals)
        | shared_scores([one.normalized for one in alike.composed.values()], reals, options)
        | spelling_scores(judged.written, corpus, options)
        | title_scores(corpus, options)
    )


def detector_scores(judged: Judged, reals: Sequence[RealTune], options: EvaluationOptions) -> dict[str, Any]:
    """AUCs of detectors, each with the control of two sets of real tunes that are told apart alike."""
    composed, real = split(judged.pairs)
    sides, more = Sides(composed, real), Sides(composed, real, split(judged.more))
    shuffled = [one.normalized for one in matching.sample(reals, len(reals), options.seed)]
    half, size = len(shuffled) // 2, min(len(real), len(shuffled) // 2)
    first, second = shuffled[:half], shuffled[half:]
    control = Sides(first[:size], second[:size])
    control_more = Sides(control.one, control.other, (first[size:], second[size:]))
    tests: dict[str, tuple[Callable[[Sides, int], float], Sides, Sides]] = {
        "auc_ngram": (detectors.auc_ngram, sides, control),
        "auc_ngram_more": (detectors.auc_ngram, more, control_more),
        "auc_features": (detectors.auc_features, sides, control),
    }
    found: dict[str, Any] = {}
    for name, (detector, own, of_reals) in tests.items():
        options.progress(f"{name.replace('_', ' ')} of {len(own.one)} tunes a side")
        for key, tested in ((name, own), (f"{name}_real", of_reals)):
            try:
                with threadpool_limits(options.threads):
                    found[key] = detector(tested, options.seed)
            except InputError as error:
                found[key] = Missing(str(error))
    return found


def split(pairs: Sequence[tuple[NormalizedTune, NormalizedTune]]) -> tuple[list[NormalizedTune], list[NormalizedTune]]:
    """The first and the second of each."""
    return [one for one, _ in pairs], [other for _, other in pairs]


def idiom_scores(judged: Judged, reals: Sequence[RealTune]) -> dict[str, Any]:
    """Habits of players. Those of one rhythm are counted in all tunes there are, as there are few."""
    composed, matched = split(judged.pairs)
    all_composed = [*composed, *split(judged.more)[0], *judged.others]
    all_real = [real.normalized for real in reals]
    pairs: dict[str, tuple[Any, Any]] = {
        name: (count(composed) if composed else Missing("no tune"), count(matched) if matched else Missing("no tune"))
        for name, count in (
            ("sequence_tunes", idioms.sequence_tunes),
            ("half_bar_transposed", idioms.half_bar_transposed),
            ("rocking", idioms.rocking_share),
        )
    }
    beats = idioms.strathspey_beats(all_composed), idioms.strathspey_beats(all_real)
    pairs |= {name: (beats[0][name], beats[1][name]) for name in beats[0]}
    phrases = (idioms.slip_phrase(tunes) for tunes in (all_composed, all_real))
    one, other = (Missing("no slip jigs of eight bars a part") if share is None else share for share in phrases)
    return beside_real(pairs | {"slip_phrase": (one, other)})


def shared_scores(
    alike: Sequence[NormalizedTune], reals: Sequence[RealTune], options: EvaluationOptions
) -> dict[str, Any]:
    """Bars that tunes of ONE_PROMPT have in common, and as many real tunes of its kind."""
    kind = ONE_PROMPT.rhythm, ONE_PROMPT.key.mode, ONE_PROMPT.form
    like = [real for real in reals if (real.prompt.rhythm, real.prompt.key.mode, real.prompt.form) == kind]
    chosen = [real.normalized for real in matching.sample(like, len(alike), options.seed)]
    if not alike or len(chosen) < len(alike) / 2:
        few = Missing(f"{len(chosen)} real {ONE_PROMPT.rhythm}s to compare with")
        return beside_real({"shared_last_bar": (few, few), "shared_bar": (few, few)})
    own, other = idioms.shared_bars(alike), idioms.shared_bars(chosen)
    return beside_real({name: (own[name], other[name]) for name in own})


def spelling_scores(written: Sequence[Tune], corpus: Corpus, options: EvaluationOptions) -> dict[str, Any]:
    """The share of tunes with a double accidental that their key does not have."""
    known = corpus.tunes[:: max(1, len(corpus.tunes) // options.count)]
    own, other = doubled(written), doubled([parse(tune.text) for tune in known])
    return beside_real({"double_accidentals": (own, other)})


def doubled(tunes: Sequence[Tune]) -> float:
    """The share of `tunes` with a double sharp or flat other than the raised seventh of a minor key of many sharps."""
    wrong = [any(abs(p.alter) == 2 and not acceptable(p, tune.key) for p in tune.pitches) for tune in tunes]
    return sum(wrong) / max(1, len(wrong))


def title_scores(corpus: Corpus, options: EvaluationOptions) -> dict[str, Any]:
    """The share of titles whose words all stand in titles of the books."""
    known = [text.lower().split() for tune in corpus.tunes if (text := clean(tune.title))]
    rhythms = [tune.normalized.rhythm for tune in corpus.tunes]
    wanted = [(rhythms[i % len(rhythms)], options.seed + i) for i in range(options.count)]
    drawn = [title.lower().split() for title in Titles.load().draw(wanted)]
    words = {word for title in known for word in title}
    return beside_real({"titles_real_words": (_of_words(drawn, words), _of_words(known, words))})


def _of_words(titles: Sequence[Sequence[str]], known: set[str]) -> float:
    return sum(known.issuperset(words) for words in titles) / max(1, len(titles))


def beside_real(pairs: Mapping[str, tuple[Any, Any]]) -> dict[str, Any]:
    """Each pair as two scores."""
    return {key: value for name, (own, real) in pairs.items() for key, value in ((name, own), (f"{name}_real", real))}
