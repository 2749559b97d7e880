from collections import Counter

from model.corpus.build import Corpus
from model.evaluation.compliance import compliance
from model.evaluation.matching import matched_pairs, prompts_like, real_tunes, sample
from model.music.parts import form_of, label
from model.sampling.batch_composing import compose_all, opening_prompts
from model.sampling.sampler import Sampler
from tests.model.evaluation.samples import composed


def test_real_tunes_are_ones_that_the_sampler_could_compose(books: Corpus, sampler: Sampler) -> None:
    reals = real_tunes(books, sampler.vocabulary)
    assert 20 < len(reals) < len(books.tunes)
    for real in reals:
        assert form_of(real.normalized.parts) == real.prompt.form
        assert real.prompt.rhythm == real.normalized.rhythm
        assert real.prompt.key.mode == real.normalized.mode
        last = [note for bar in real.normalized.parts[-1].unrepeated().bars for note in bar][-1].pitch
        assert last is not None
        assert last.midi % 12 == 0


def test_tunes_composed_like_real_ones_match_them_one_to_one(books: Corpus, sampler: Sampler) -> None:
    reals = sample(real_tunes(books, sampler.vocabulary), 8, seed=3)
    assert reals == sample(real_tunes(books, sampler.vocabulary), 8, seed=3)
    batch = compose_all(sampler, prompts_like(reals, 1.0, seed=5), lambda _: None)
    assert len(batch.composed) == 8
    for index, one in batch.composed.items():
        tune, real = one.normalized, reals[index].normalized
        assert (tune.rhythm, tune.mode, form_of(tune.parts)) == (real.rhythm, real.mode, form_of(real.parts))


def test_openings_are_the_first_bars_of_composed_tunes(sampler: Sampler) -> None:
    prompts = opening_prompts(composed(sampler), 3)
    batch = compose_all(sampler, prompts, lambda _: None)
    assert not batch.failures
    assert all(prompt.opening for prompt in prompts)
    for index, one in batch.composed.items():
        assert compliance(one.tune, prompts[index])["opening"]
        assert one.tune.bars != composed(sampler)[index].tune.bars
        other = composed(sampler)[index + 3]
        assert not compliance(other.tune, prompts[index])["opening"]


def test_pairs_share_rhythm_mode_and_form_and_use_each_once(books: Corpus) -> None:
    tunes = [tune.normalized for tune in books.tunes]
    one, other = matched_pairs(tunes[:60], tunes[60:], seed=1)
    assert 10 < len(one) == len(other)
    assert [(s.rhythm, s.mode, label(s.parts)) for s in one] == [(s.rhythm, s.mode, label(s.parts)) for s in other]
    assert max(Counter(map(id, other)).values()) == 1
