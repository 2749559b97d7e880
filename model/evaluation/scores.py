"""Every score of a checkpoint, as one JSON object: what `evaluate` prints."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from model.corpus.build import Corpus, normalise
from model.encoding.tokenizer import NormalizedTune
from model.errors import InputError, NotationError
from model.evaluation import article, matching
from model.evaluation.bits import Split, writes_characters
from model.evaluation.compliance import CHECKS, compliance
from model.evaluation.groups import (
    Missing,
    Setting,
    bits_scores,
    habit_scores,
    originality_scores,
    read_scores,
    real_against_real,
    told_apart,
    two_sample_scores,
    without_missing,
)
from model.music.abc_reader import parse
from model.music.abc_writer import write
from model.music.parts import well_formed
from model.network.checkpoint import Checkpoint
from model.prompt import Prompt
from model.sampling.batch_composing import Batch, compose_all, every_prompt, opening_prompts
from model.sampling.critic import Critic
from model.sampling.originality import Index
from model.sampling.sampler import Composed, Sampler

OPENED = 10  # one tune in so many lends its first bars to another


@dataclass(frozen=True)
class Judged:
    """The scores, and what plots show: similarities, and songs: generated, real ones matched to them, held out."""

    scores: dict[str, Any]
    similarities: list[float]
    generated: list[NormalizedTune]
    matched: list[NormalizedTune]
    held_out: list[NormalizedTune]


def judge(
    checkpoint: Checkpoint, corpus: Corpus, held_out: Split, index: Index, critic: Critic | None, setting: Setting
) -> Judged:
    """All scores of `checkpoint`, of tunes that it composes by prompt, or of texts generated the article's way.

    The real tunes to compare with are those that no critic has learned from.
    """
    if not held_out.tunes:
        raise InputError("the corpus is too small to hold tunes out")
    setting.progress("bits per note")
    found = {"preset": checkpoint.preset, "steps": checkpoint.facts.get("steps"), **bits_scores(checkpoint, held_out)}
    if writes_characters(checkpoint):
        judged = _texts(checkpoint, corpus, index, setting)
    else:
        judged = _tunes(checkpoint, corpus, index, critic, setting)
    songs = [tune.normalized for tune in held_out.tunes]
    found |= judged.scores
    found["habits"] = habit_scores(judged.generated, judged.matched, songs)
    return Judged(without_missing(found), judged.similarities, judged.generated, judged.matched, songs)


def _tunes(checkpoint: Checkpoint, corpus: Corpus, index: Index, critic: Critic | None, setting: Setting) -> Judged:
    sampler = Sampler(checkpoint, index=index, critic=critic)
    sampler.measure_mask = True
    setting.progress("real tunes that pass the rules")
    reals = matching.passing(corpus, sampler.vocabulary)
    chosen = matching.drawn([real for real in reals if not real.critics], setting.count, setting.seed)
    prompts_like = matching.prompts_like(chosen, setting.temperature, setting.seed)

    def composed_for(prompts: Sequence[Prompt], by: Sampler = sampler) -> Batch:
        return compose_all(by, prompts, lambda done: setting.progress(f"{done} of {len(prompts)} tunes composed"))

    round_all = composed_for(every_prompt(setting.count, setting.temperature, setting.seed))
    like_real = composed_for(prompts_like)
    alone = composed_for(prompts_like, Sampler(checkpoint, index=index)) if sampler.drafts > 1 else like_real
    opened = composed_for(opening_prompts(list(round_all.composed.values()), setting.count // OPENED))
    batches = (round_all, like_real, opened)
    composed = [one for batch in batches for one in batch.composed.values()]
    asked = sum(batch.prompts for batch in batches)
    generated = [one.normalized for one in like_real.composed.values()]
    matched = [chosen[place].normalized for place in like_real.composed]
    scores: dict[str, Any] = {
        "generated": asked,
        "not_finished": asked - len(composed),
        "draws_per_tune": fmean(one.draws for one in composed) if composed else 0.0,
        "mask_removed": sampler.mask_removed,
        "well_formed": sum(_as_asked(one) for one in composed) / asked,
        **read_scores([write(one.tune) for one in composed], setting),
        **_compliance(composed, asked),
        **originality_scores([one.nearest for one in composed]),
        "drafts": sampler.drafts,
        **two_sample_scores(generated, matched, setting),
        "auc_without_critic": told_apart([one.normalized for one in alone.composed.values()], matched, setting),
        "auc_real_against_real": real_against_real(reals, setting),
    }
    return Judged(scores, [one.nearest.similarity for one in composed], generated, matched, [])


def _as_asked(one: Composed) -> bool:
    return not well_formed(one.tune, one.prompt.key, one.prompt.form)


def _compliance(composed: Sequence[Composed], asked: int) -> dict[str, Any]:
    rows = [compliance(one.tune, one.prompt) for one in composed]
    return {
        "compliant": sum(all(row.values()) for row in rows) / asked,
        "compliance": {check: sum(row[check] for row in rows) / asked for check in CHECKS},
    }


def _texts(checkpoint: Checkpoint, corpus: Corpus, index: Index, setting: Setting) -> Judged:
    setting.progress(f"{setting.count} texts of {article.LENGTH} characters")
    texts = [article.first_tune(text) for text in article.article_texts(checkpoint, setting.count, setting.seed)]
    right = [tune for text in texts if (tune := article.with_right_bars(text))]
    songs = [song for text in texts if (song := _repaired(text))]
    cobb = [tune.normalized for tune in corpus.tunes if tune.source == "cobb"]
    generated, matched = matching.alike(songs, cobb, setting.seed)
    nearest = [index.nearest(song) for song in songs]
    scores: dict[str, Any] = {
        "generated": len(texts),
        "mask_removed": Missing("it has no grammar"),
        "well_formed": sum(map(article.ends_on_tonic, right)) / len(texts),
        "right_bars_and_repeats": len(right) / len(texts),
        "readable_after_repairs": len(songs) / len(texts),
        **read_scores(texts, setting),
        "compliant": Missing("it takes no prompt"),
        **originality_scores(nearest),
        **two_sample_scores(generated, matched, setting),
    }
    return Judged(scores, [one.similarity for one in nearest], songs, matched, [])


def _repaired(text: str) -> NormalizedTune | None:
    """The song of a text, mended as the corpus is; None where it is none."""
    try:
        return normalise(parse(text), text, "", []).normalized
    except NotationError:
        return None
