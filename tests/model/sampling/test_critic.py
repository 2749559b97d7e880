from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from model.corpus.build import Corpus
from model.errors import CheckpointError
from model.evaluation.critic_training import _fitted, _written
from model.evaluation.matching import real_tunes
from model.music.abc_writer import write
from model.music.form import Form
from model.music.key import Key
from model.network import checkpoint
from model.network.checkpoint import Checkpoint
from model.prompt import Prompt
from model.sampling import critic
from model.sampling.critic import DRAFTS, Critic
from model.sampling.originality import NOTHING_NEAR, Nearest
from model.sampling.sampler import Composed, Sampler, numbered

EDOR = Prompt(Key.parse("Edor"), "reel", form=Form("AABA", 4), seed=11)


@pytest.fixture(scope="module")
def shipped() -> Critic:
    return Critic.load()


@pytest.fixture(scope="module")
def choosing(shipped: Critic) -> Sampler:
    return Sampler(checkpoint.read(checkpoint.SHIPPED), critic=shipped)


@pytest.fixture(scope="module")
def nine(choosing: Sampler) -> list[Composed]:
    return choosing.compose(numbered(EDOR, 9))


def test_a_chosen_tune_is_the_same_alone_and_in_a_batch(choosing: Sampler, nine: list[Composed]) -> None:
    assert choosing.drafts == DRAFTS
    assert write(choosing.compose([replace(EDOR, seed=15)])[0].tune) == write(nine[4].tune)
    assert len({one.tune.bars for one in nine}) == 9


def test_chosen_tunes_are_more_like_the_books_than_first_drafts(
    shipped: Critic, nine: list[Composed], sampler: Sampler
) -> None:
    first = sampler.compose(numbered(EDOR, 9))
    chosen, drafts = (shipped.log_odds([one.normalized for one in some]) for some in (nine, first))
    assert chosen.mean() < drafts.mean() - 0.5


def test_drafts_are_chosen_in_proportion_to_the_odds_that_they_are_real(
    shipped: Critic, nine: list[Composed], monkeypatch: pytest.MonkeyPatch
) -> None:
    tunes = [one.normalized for one in nine[:4]]
    log_odds = shipped.log_odds(tunes)
    monkeypatch.setattr(shipped, "log_odds", lambda _: log_odds)  # they take a while
    weights = np.exp(-log_odds)
    random = np.random.default_rng(0)
    first = Counter(shipped.order(tunes, random)[0] for _ in range(1000))
    expected = weights / weights.sum()
    assert np.allclose([first[place] / 1000 for place in range(4)], expected, atol=0.05)
    assert sorted(shipped.order(tunes, random)) == [0, 1, 2, 3]


def test_the_next_draft_is_taken_where_one_is_too_close(shipped: Critic, nine: list[Composed]) -> None:
    class Strict:
        """Finds the first so many drafts too close."""

        def __init__(self, strict: int) -> None:
            self.left = strict

        def nearest(self, *_: object) -> Nearest:
            self.left -= 1
            return replace(NOTHING_NEAR, similarity=0.9) if self.left >= 0 else NOTHING_NEAR

    loaded = checkpoint.read(checkpoint.SHIPPED)
    for strict, draws in ((1, 1), (DRAFTS, 2)):
        sampler = Sampler(loaded, None, Strict(strict), shipped)  # type: ignore[arg-type]
        (other,) = sampler.compose([EDOR])
        assert other.draws == draws
        assert other.tune.bars != nine[0].tune.bars


def test_only_versions_tuned_from_its_network_are_known(shipped: Critic, small: Checkpoint) -> None:
    loaded = checkpoint.read(checkpoint.SHIPPED)
    tuned = replace(loaded, weights={**loaded.weights, "output.bias": loaded.weights["output.bias"] + 1})
    assert shipped.knows(tuned)
    assert not shipped.knows(small)
    assert Sampler(small, critic=shipped).drafts == 1


def test_the_trees_compute_what_the_classifier_does() -> None:
    random = np.random.default_rng(0)
    table = random.normal(size=(4000, 5)).astype(np.float32)
    labels = (table[:, 0] * table[:, 1] + random.normal(size=4000) > 0).astype(np.int64)
    classifier = _fitted(table, labels)
    written = _written(classifier, {"body": "", "features": list("abcde")})
    assert np.allclose(Critic(written)._sums(table), classifier.decision_function(table), atol=1e-4)
    assert np.std(classifier.decision_function(table)) > 0.5


def test_no_held_out_tune_is_one_that_the_critic_learned_from(books: Corpus, sampler: Sampler) -> None:
    reals = real_tunes(books, sampler.vocabulary)
    assert 0.4 < np.mean([real.for_critic for real in reals]) < 0.8
    held_out = {tune.normalized for tune in books.tunes if tune.split != "train"}
    assert not any(real.for_critic and real.normalized in held_out for real in reals)


@pytest.mark.parametrize(
    ("weights", "facts", "message"),
    [
        ({"left": torch.tensor([7])}, {}, "lead nowhere"),
        ({"feature": torch.tensor([-1])}, {}, "lead nowhere"),
        ({"value": torch.tensor([0.0, 1.0])}, {}, "lead nowhere"),
        ({}, {"depth": None}, "own description"),
    ],
)
def test_malformed_trees_are_refused(
    weights: dict[str, torch.Tensor], facts: dict[str, object], message: str, tmp_path: Path
) -> None:
    leaf = {name: torch.tensor([0]) for name in ("roots", "left", "right", "feature")}
    whole = {**leaf, "threshold": torch.tensor([0.0]), "value": torch.tensor([1.0])}
    described = {"body": "", "features": ["one"], "depth": 1, "first": 0.0}
    path = tmp_path / "critic.safetensors"
    checkpoint.write(path, Checkpoint(critic.PRESET, {}, {}, described, whole))
    assert Critic.load(path).log_odds([]).tolist() == []
    checkpoint.write(path, Checkpoint(critic.PRESET, {}, {}, {**described, **facts}, {**whole, **weights}))
    with pytest.raises(CheckpointError, match=message):
        Critic.load(path)


def test_trees_of_other_features_are_refused(nine: list[Composed]) -> None:
    shipped = checkpoint.read(critic.SHIPPED)
    other = Critic(replace(shipped, facts={**shipped.facts, "features": shipped.facts["features"][::-1]}))
    with pytest.raises(CheckpointError, match="other features"):
        other.log_odds([nine[0].normalized])
