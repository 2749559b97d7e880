"""Retraining beside composing."""

from functools import partial
from unittest.mock import patch

from bot.benchmarks.retraining import RetrainingSize, measure
from bot.core.config import Config
from bot.workers.local.trainer import Trainer
from tests.bot.workers.local.stand_in_trainer import STAND_IN_TRAINER


def test_a_retraining_is_timed_beside_composing() -> None:
    config = Config()
    few = config.model_copy(update={"retraining": config.retraining.model_copy(update={"minimum_votes": 8})})
    with patch("bot.app.bot.Trainer", partial(Trainer, (*STAND_IN_TRAINER, "--do", "refuse"))):
        seconds, usual, slower = measure(few, RetrainingSize(voted=16, one_by_one=1))
    assert 0 < seconds.ours < 60
    assert usual.ours > 0
    assert 0.1 < slower.ours < 10
