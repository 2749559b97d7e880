from dataclasses import replace
from pathlib import Path

import pytest

from model.corpus.build import Corpus
from model.errors import InputError
from model.evaluation.critic_training import teach
from model.evaluation.matching import passing
from model.network import checkpoint
from model.network.checkpoint import Checkpoint
from model.sampling.critic import Critic
from model.sampling.sampler import Sampler


def test_a_critic_is_taught_written_and_chooses(
    books: Corpus, sampler: Sampler, small: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "model.evaluation.critic_training.TREES", {"max_iter": 5, "early_stopping": False, "random_state": 0}
    )
    reals = passing(books, sampler.vocabulary)
    told: list[str] = []
    heard = [replace(real, critics=True) for real in reals + reals[:20]] + [replace(reals[0], critics=False)]
    checkpoint.write(tmp_path / "critic.safetensors", teach(small, heard, 1, told.append))
    critic = Critic.load(tmp_path / "critic.safetensors")
    assert told == [f"0 of 1 tunes composed for each of {len(heard) - 1} real ones", "learning to tell them apart"]
    assert critic.knows(small)
    one = Sampler(small).compose([reals[0].prompt])[0]
    composed, real = critic.log_odds([one.normalized, reals[0].normalized])
    assert composed > real  # it has learned nothing, and composes accordingly


def test_too_few_real_tunes_are_refused(books: Corpus, sampler: Sampler, small: Checkpoint) -> None:
    with pytest.raises(InputError, match="at least 100 are needed"):
        teach(small, passing(books, sampler.vocabulary)[:50], 1, lambda _: None)
