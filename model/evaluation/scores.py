"""All scores of a checkpoint as one JSON object, as `evaluate` prints it."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from model.corpus.build import Corpus, normalise
from model.encoding.tokenizer import NormalizedTune
from model.errors import InputError, NotationError
from model.evaluation import article, matching
from model.evaluation.bits import Side, writes_characters
from model.evaluation.compliance import CHECKS, compliance
from model.evaluation.groups import (
    EvaluationOptions,
    Missing,
    auc_between,
    bits_scores,
    habit_scores,
    originality_scores,
    read_scores,
    real_against_real,
    two_sample_scores,
    without_missing,
)
from model.evaluation.judges import Judged, judge_scores, pairs_of
from model.music.abc_reader import parse
from model.music.abc_writer import write
from model.music.parts import well_formed
from model.network.checkpoint import Checkpoint
from model.prompt import Prompt
from model.sampling.batch_composing import Batch, compose_all, every_prompt, opening_prompts
from model.sampling.critic import Critic
from model.sampling.originality import Index
from model.sampling.sampler import Composed, Sampler

FURTHER = 2  # times as many tunes for detectors to learn from, at most
OPENED = 10  # one tune in so many is asked for with the first bars of another


@dataclass(frozen=True)
class Evaluation:
    """The scores, and for plots the similarities to corpus tunes and three sets of tunes; `matched` are real ones."""

    scores: dict[str, Any]
    similarities: list[float]
    generated: list[NormalizedTune]
    matched: list[NormalizedTune]
    held_out: list[NormalizedTune]


def evaluate(
    checkpoint: Checkpoint,
    corpus: Corpus,
    held_out: Side,
    index: Index,
    critic: Critic | None,
    options: EvaluationOptions,
) -> Evaluation:
    """All scores of `checkpoint`, by tunes that it composes for prompts, or by texts generated as in the article.

    They are compared with real tunes that critics are not trained on. Raises InputError for a corpus without held-out
    tunes, and CheckpointError.
    """
    if not held_out.tunes:
        raise InputError("the corpus is too small to hold tunes out")
    options.progress("bits per note")
    found = {"preset": checkpoint.preset, "steps": checkpoint.facts.get("steps"), **bits_scores(checkpoint, held_out)}
    if writes_characters(checkpoint):
        evaluation = _texts(checkpoint, corpus, index, options)
    else:
        evaluation = _tunes(checkpoint, corpus, index, critic, options)
    tunes = [tune.normalized for tune in held_out.tunes]
    found |= evaluation.scores
    found["habits"] = habit_scores(evaluation.generated, evaluation.matched, tunes)
    return Evaluation(without_missing(found), evaluation.similarities, evaluation.generated, evaluation.matched, tunes)


def _tunes(
    checkpoint: Checkpoint, corpus: Corpus, index: Index, critic: Critic | None, options: EvaluationOptions
) -> Evaluation:
    sampler = Sampler(checkpoint, index=index, critic=critic)
    sampler.measure_mask = True
    options.progress("real tunes that pass the rules")
    reals = matching.real_tunes(corpus, sampler.vocabulary)
    chosen = matching.sample([real for real in reals if not real.for_critic], options.count, options.seed)
    prompts_like = matching.prompts_like(chosen, options.temperature, options.seed)

    def composed_for(prompts: Sequence[Prompt], by: Sampler = sampler) -> Batch:
        return compose_all(by, prompts, lambda done: options.progress(f"{done} of {len(prompts)} tunes composed"))

    round_all = composed_for(every_prompt(options.count, options.temperature, options.seed))
    like_real = composed_for(prompts_like)
    others = matching.sample([real for real in reals if real not in chosen], FURTHER * options.count, options.seed)
    further = composed_for(matching.prompts_like(others, options.temperature, options.seed + len(chosen)))
    alone = composed_for(prompts_like, Sampler(checkpoint, index=index)) if sampler.drafts > 1 else like_real
    opened = composed_for(opening_prompts(list(round_all.composed.values()), options.count // OPENED))
    batches = (round_all, like_real, opened)
    composed = [one for batch in batches for one in batch.composed.values()]
    prompts = sum(batch.prompts for batch in batches)
    generated = [one.normalized for one in like_real.composed.values()]
    matched = [chosen[index].normalized for index in like_real.composed]
    judged = Judged(
        pairs_of(like_real, chosen),
        pairs_of(further, others),
        [one.normalized for one in round_all.composed.values()],
        [one.tune for one in composed],
    )
    scores: dict[str, Any] = {
        "generated": prompts,
        "not_finished": prompts - len(composed),
        "draws_per_tune": fmean(one.draws for one in composed) if composed else 0.0,
        "mask_removed": sampler.mask_removed,
        "well_formed": sum(_well_formed(one) for one in composed) / prompts,
        **read_scores([write(one.tune) for one in composed], options),
        **_compliance(composed, prompts),
        **originality_scores([one.nearest for one in composed]),
        "drafts": sampler.drafts,
        **two_sample_scores(generated, matched, options),
        "auc_without_critic": auc_between([one.normalized for one in alone.composed.values()], matched, options),
        "auc_real_against_real": real_against_real(reals, options),
        **judge_scores(judged, corpus, reals, composed_for, options),
    }
    return Evaluation(scores, [one.nearest.similarity for one in composed], generated, matched, [])


def _well_formed(one: Composed) -> bool:
    return not well_formed(one.tune, one.prompt.key, one.prompt.form)


def _compliance(composed: Sequence[Composed], prompts: int) -> dict[str, Any]:
    rows = [compliance(one.tune, one.prompt) for one in composed]
    return {
        "compliant": sum(all(row.values()) for row in rows) / prompts,
        "compliance": {check: sum(row[check] for row in rows) / prompts for check in CHECKS},
    }


def _texts(checkpoint: Checkpoint, corpus: Corpus, index: Index, options: EvaluationOptions) -> Evaluation:
    options.progress(f"{options.count} texts of {article.LENGTH} characters")
    texts = [article.first_tune(text) for text in article.article_texts(checkpoint, options.count, options.seed)]
    right = [tune for text in texts if (tune := article.with_right_bars(text))]
    tunes = [repaired for text in texts if (repaired := _repaired(text))]
    cobb = [tune.normalized for tune in corpus.tunes if tune.source == "cobb"]
    generated, matched = matching.matched_pairs(tunes, cobb, options.seed)
    nearest = [index.nearest(tune) for tune in tunes]
    scores: dict[str, Any] = {
        "generated": len(texts),
        "mask_removed": Missing("it has no grammar"),
        "well_formed": sum(map(article.ends_on_tonic, right)) / len(texts),
        "right_bars_and_repeats": len(right) / len(texts),
        "readable_after_repairs": len(tunes) / len(texts),
        **read_scores(texts, options),
        "compliant": Missing("it takes no prompt"),
        **originality_scores(nearest),
        **two_sample_scores(generated, matched, options),
    }
    return Evaluation(scores, [one.similarity for one in nearest], tunes, matched, [])


def _repaired(text: str) -> NormalizedTune | None:
    """The tune of ABC text, repaired as the corpus is; None where that cannot be done."""
    try:
        return normalise(parse(text), text, "", []).normalized
    except NotationError:
        return None
