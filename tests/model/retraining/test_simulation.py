"""A simulated community, from votes to the result of a round."""

from model.network.checkpoint import Checkpoint
from model.retraining.replay import Replay
from model.retraining.simulation import NOISE, Community
from model.sampling.originality import Index
from model.sampling.sampler import Sampler
from tests.model.evaluation.samples import composed


def test_a_small_community_votes_retrains_and_is_measured(sampler: Sampler, small: Checkpoint) -> None:
    tokens = tuple(one.spelled for one in composed(sampler))
    replay = Replay(tokens, tokens[:2])
    reports: list[str] = []
    community = Community(
        "wide leaps", 0, small, replay, Index.load(), votes=48, composed=12, calibration=18, on_round=reports.append
    )
    first, second = community.rounds(1)
    assert (first.round, first.promoted, first.bits_per_note) == (0, False, None)
    assert second.round == 1
    assert second.well_formed == 1
    assert second.promoted == (not second.failed)
    assert 0 <= first.liked <= 1
    (line,) = reports
    assert line.startswith("wide leaps, seed 0, round 1: ")
    assert ("refused: " in line) == bool(second.failed)


def test_members_without_a_preference_toss_a_coin(small: Checkpoint) -> None:
    community = Community(NOISE, 0, small, Replay((), ()), Index.load(), votes=24)
    assert 0.2 < next(community.rounds(1)).liked < 0.8
