import time
from dataclasses import replace

import numpy as np
import pytest

from model.corpus.build import Corpus
from model.encoding.tokenizer import NormalizedTune
from model.music.abc_reader import parse
from model.music.abc_writer import write
from model.music.form import Form
from model.music.key import Key
from model.music.parts import parts_of
from model.music.tune import transpose
from model.network import checkpoint
from model.prompt import Prompt
from model.sampling.originality import LIMIT, NOTHING_NEAR, VERBATIM_BARS, Index, Nearest, _longest_run, index_of
from model.sampling.pending_prompt import PATIENCE, TEMPERATURE_STEP
from model.sampling.sampler import Composed, Sampler

EDOR = Prompt(Key.parse("Edor"), "reel", form=Form("AB", 8), seed=21)


@pytest.fixture(scope="module")
def index(books: Corpus) -> Index:
    return Index(index_of([(tune.normalized, tune.title, tune.source) for tune in books.tunes]))


@pytest.fixture(scope="module")
def composed(sampler: Sampler) -> Composed:
    return sampler.compose([EDOR])[0]


def normalized(composed: Composed) -> NormalizedTune:
    tune = composed.tune
    return NormalizedTune(tune.rhythm, tune.metre.length, str(tune.metre), tune.key.mode, parts_of(tune))


def test_a_tune_of_the_books_is_found_whole_or_in_part(books: Corpus, index: Index) -> None:
    for tune in books.tunes[::40]:
        found = index.nearest(tune.normalized)
        assert (found.similarity, found.too_close) == (1.0, True)
        parts = tune.normalized.parts
        if len(parts) > 1 and parts[0].length >= VERBATIM_BARS:
            found = index.nearest(replace(tune.normalized, parts=parts[:1]))
            assert found.bars >= VERBATIM_BARS or found.similarity > LIMIT


def test_key_does_not_matter(composed: Composed) -> None:
    index = Index(index_of([(normalized(composed), "Mine", "here")]))
    transposed = replace(composed, tune=transpose(composed.tune, Key.parse("Ador"), 0))
    assert index.nearest(normalized(transposed)) == Nearest(
        "Mine", "here", 1.0, index.nearest(normalized(composed)).bars
    )


def test_nothing_is_near_to_a_few_notes(index: Index) -> None:
    few = parse("X:1\nM:4/4\nL:1/8\nK:C\nC8|]")
    assert index.nearest(NormalizedTune("reel", few.metre.length, "4/4", "", parts_of(few))) == NOTHING_NEAR


def test_the_longest_run_is_the_one_a_search_finds() -> None:
    random = np.random.default_rng(3)
    for _ in range(200):
        one, other = (random.integers(0, 3, random.integers(0, 30)).astype(np.uint16) for _ in range(2))
        start, end = _longest_run(one, other)
        texts = "".join(map(chr, one + 65)), "".join(map(chr, other + 65))
        assert texts[0][start:end] in texts[1]
        longer = {texts[0][i : i + end - start + 1] for i in range(len(one) - (end - start))}
        assert not any(run in texts[1] for run in longer)


def test_the_nearest_is_found_in_twenty_milliseconds(books: Corpus, index: Index) -> None:
    def milliseconds(tune: NormalizedTune) -> float:
        began = time.perf_counter()
        index.nearest(tune)
        return 1000 * (time.perf_counter() - began)

    tunes = [tune.normalized for tune in books.tunes[::25]]
    assert np.median([min(milliseconds(tune) for _ in range(3)) for tune in tunes]) < 20


def test_a_tune_that_is_known_is_drawn_again(composed: Composed) -> None:
    sampler = Sampler(
        checkpoint.read(checkpoint.SHIPPED), None, Index(index_of([(normalized(composed), "Mine", "here")]))
    )
    again = sampler.compose([EDOR])[0]
    assert write(again.tune) != write(composed.tune)
    assert again.draws == 2
    assert again.temperature == EDOR.temperature
    assert again.nearest.similarity < LIMIT


def test_after_five_redraws_the_temperature_rises() -> None:
    class Strict:
        """Finds the first seven tunes too close."""

        calls = 0

        def nearest(self, *_: object) -> Nearest:
            self.calls += 1
            return Nearest("Theirs", "book", 0.9 if self.calls <= PATIENCE + 2 else 0.1, 0.0)

    sampler = Sampler(checkpoint.read(checkpoint.SHIPPED), None, Strict())  # type: ignore[arg-type]
    tune = sampler.compose([replace(EDOR, seed=1)])[0]  # none of whose draws is of another form
    assert tune.draws == PATIENCE + 3
    assert tune.temperature == pytest.approx(EDOR.temperature + 2 * TEMPERATURE_STEP)
