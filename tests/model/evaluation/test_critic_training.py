from dataclasses import replace
from pathlib import Path

import pytest

from model.corpus.build import Corpus
from model.errors import InputError
from model.evaluation.critic_training import train_critic
from model.evaluation.matching import real_tunes
from model.network import checkpoint
from model.network.checkpoint import Checkpoint
from model.sampling.critic import Critic
from model.sampling.sampler import Sampler


def test_a_critic_is_trained_written_and_read(
    books: Corpus, sampler: Sampler, small: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "model.evaluation.critic_training.TREES", {"max_iter": 5, "early_stopping": False, "random_state": 0}
    )
    reals = real_tunes(books, sampler.vocabulary)
    progress: list[str] = []
    tunes = [replace(real, for_critic=True) for real in reals + reals[:20]] + [replace(reals[0], for_critic=False)]
    checkpoint.write(tmp_path / "critic.safetensors", train_critic(small, tunes, 1, progress.append))
    critic = Critic.load(tmp_path / "critic.safetensors")
    assert progress == [f"0 of 1 tunes composed for each of {len(tunes) - 1} real ones", "learning to tell them apart"]
    assert critic.knows(small)
    one = Sampler(small).compose([reals[0].prompt])[0]
    composed, real = critic.log_odds([one.normalized, reals[0].normalized])
    assert composed > real  # the small network is untrained


def test_too_few_real_tunes_are_refused(books: Corpus, sampler: Sampler, small: Checkpoint) -> None:
    with pytest.raises(InputError, match="at least 100 are needed"):
        train_critic(small, real_tunes(books, sampler.vocabulary)[:50], 1, lambda _: None)
