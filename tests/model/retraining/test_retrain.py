import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from model.corpus.sources import path_source
from model.network.checkpoint import Checkpoint
from model.retraining import retrain
from model.retraining.protocol import GateTest, Step
from model.retraining.replay import Replay, replay
from model.retraining.retrain import TESTS, learn
from model.retraining.simulated_preferences import TASTES, Taste
from model.retraining.simulation import NOISE, Community
from model.retraining.voted_tunes import Voted
from model.sampling.originality import Index
from tests.model.evaluation.samples import composed, random_song, song
from tests.model.random_corpora import jigs

from model.sampling.batch_composing import normalized  # isort: skip
from model.sampling.sampler import Sampler  # isort: skip


def test_a_report_says_all_that_was_tested(sampler: Sampler, small: Checkpoint, tmp_path: Path) -> None:
    made = composed(sampler)
    tunes = [
        Voted(n, normalized(made[n % len(made)]), made[n % len(made)].spelled, 1.0 if n % 3 else -1.0)
        for n in range(60)
    ]
    kept = Replay(tuple(one.spelled for one in made), tuple(one.spelled for one in made[:3]))
    heard: list[Step] = []
    candidate, report = learn(small, small, tunes, kept, Index.load(), cache=tmp_path, composed=12, heard=heard.append)
    data = json.loads(json.dumps(report.to_json()))
    assert [test["name"] for test in data["tests"]] == [s.test for s in heard if s.stage == "checking"]
    assert data["passed"] == all(test["passed"] for test in data["tests"])
    assert sum(data["tunes"].values()) == 60
    assert data["losses"][0][0] == 0
    assert candidate.facts["tuned_on_votes"] == data["tunes"]
    assert [s.done for s in heard if s.stage == "tuning"] == list(range(1, len(data["losses"]) + 1))
    assert list(tmp_path.glob("diversity-*-12.json"))


def test_a_candidate_that_costs_too_much_goes_part_of_the_way(
    sampler: Sampler, small: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = composed(sampler)
    tunes = [Voted(n, normalized(made[n % 9]), made[n % 9].spelled, 1.0 if n % 3 else -1.0) for n in range(60)]
    kept = Replay(tuple(one.spelled for one in made), tuple(one.spelled for one in made[:3]))
    asked: list[Checkpoint] = []

    def answers(*failing: str) -> Callable[..., Iterator[GateTest]]:
        def checks(candidate: Checkpoint, *_: object) -> Iterator[GateTest]:
            asked.append(candidate)
            for name in TESTS:
                yield GateTest(name, 0, 0, name not in failing or len(asked) > 2, name)

        return checks

    cases = {("bits_per_note", "diversity"): 3, ("margin", "diversity"): 1}
    for failing, times in cases.items():
        asked.clear()
        monkeypatch.setattr(retrain, "checks", answers(*failing))
        candidate, report = learn(small, small, tunes, kept, Index.load())
        assert (len(asked), report.passed) == (times, times == 3)
        assert candidate.weights is asked[-1].weights
        assert report.kept == report.to_json()["kept"] == pytest.approx(0.6 ** (times - 1))
        way = [float((one.weights["output.weight"] - small.weights["output.weight"]).norm()) for one in asked]
        assert way[-1] == pytest.approx(way[0] * report.kept, rel=1e-4, abs=1e-8)  # float32 weights


def test_a_candidate_on_its_way_back_is_tested_as_far_as_it_fails_and_the_last_one_to_the_end(
    sampler: Sampler, small: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = composed(sampler)
    tunes = [Voted(n, normalized(made[n % 9]), made[n % 9].spelled, 1.0 if n % 3 else -1.0) for n in range(60)]
    heard: list[list[str]] = []

    def checks(*_: object) -> Iterator[GateTest]:
        heard.append([])
        for name in TESTS:
            heard[-1].append(name)
            yield GateTest(name, 0, 0, name != "bits_per_note", name)

    monkeypatch.setattr(retrain, "checks", checks)
    _, report = learn(small, small, tunes, Replay((made[0].spelled,), (made[1].spelled,)), Index.load())
    assert heard == [list(TESTS[:2]), list(TESTS[:2]), list(TESTS)]
    assert [test.name for test in report.tests if not test.passed] == ["bits_per_note"]


def test_a_hasty_retraining_stops_at_the_first_failure(sampler: Sampler, small: Checkpoint) -> None:
    one = composed(sampler)[0]
    tunes = [Voted(n, normalized(one), one.spelled, 1.0 if n % 2 else -1.0) for n in range(60)]  # likes contradict
    kept = Replay((one.spelled,), (one.spelled,))
    _, report = learn(small, small, tunes, kept, Index.load(), thorough=False, composed=12)
    assert [test.name for test in report.tests] == ["margin"]
    assert not report.passed


def test_replayed_tunes_are_read_once_by_each_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "jigs.abc").write_text(jigs(80))
    sources = [path_source(tmp_path / "jigs.abc")]
    found = replay(sources, tmp_path / "cache")
    assert found.train
    assert found.held_out
    (kept,) = (tmp_path / "cache").iterdir()
    kept.write_text(json.dumps({"train": [["a"]], "held_out": [["b"]]}))
    assert replay(sources, tmp_path / "cache") == Replay((("a",),), (("b",),))
    monkeypatch.setattr("model.retraining.replay.code_digest", lambda: "another")
    assert replay(sources, tmp_path / "cache") == found
    assert len(list((tmp_path / "cache").iterdir())) == 1, "what it cannot use any more is gone"
    monkeypatch.undo()
    kept.write_text("damaged")
    assert replay(sources, tmp_path / "cache") == found


def test_a_taste_likes_its_share() -> None:
    songs = [random_song(seed, steps) for seed in range(50) for steps in ((-1, 1), (-4, 1, 3))]
    taste = Taste.of(TASTES["wide leaps"], songs)
    liked = [song for song in songs if taste.likes(song)]
    assert len(liked) / len(songs) == pytest.approx(0.28, abs=0.05)  # equal measures are not liked
    assert all(song in songs[1::2] for song in liked)


@pytest.mark.parametrize(
    ("name", "more", "less"),
    [
        ("wide leaps", "CGCG CGCG|", "CDEF GFED|"),
        ("few notes", "C8|D8|", "CDEF GABc|"),
        ("high second part", "C8||c8|", "c8||C8|"),
        ("much repetition", "CDEF GABc|CDEF GABc|", "CDEF GABc|cBAG FEDC|"),
    ],
)
def test_each_taste_measures_what_it_says(name: str, more: str, less: str) -> None:
    assert TASTES[name](song(more)) > TASTES[name](song(less))


def test_a_small_community_votes_tunes_and_is_tested(sampler: Sampler, small: Checkpoint) -> None:
    spelled = tuple(one.spelled for one in composed(sampler))
    kept = Replay(spelled, spelled[:2])
    community = Community("wide leaps", 0, small, kept, Index.load(), votes=48, composed=12, calibration=18)
    first, second = community.rounds(1)
    assert (first.round, first.promoted, first.bits_per_note) == (0, False, None)
    assert second.round == 1
    assert second.well_formed == 1
    assert second.promoted == (not second.failed)
    assert 0 <= first.liked <= 1


def test_members_of_no_taste_toss_a_coin(small: Checkpoint) -> None:
    community = Community(NOISE, 0, small, Replay((), ()), Index.load(), votes=24)
    assert 0.2 < next(community.rounds(1)).liked < 0.8
