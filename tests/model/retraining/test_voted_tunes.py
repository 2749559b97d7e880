"""Voted tunes, read from training examples."""

import json
from pathlib import Path

import pytest

from model.errors import InputError, NotationError
from model.music.abc_writer import write as abc_of
from model.retraining.protocol import TrainingExample
from model.retraining.voted_tunes import HELD_OUT, VotedTune, read, split
from model.sampling.sampler import Sampler
from tests.model.evaluation.samples import composed, normalized


def test_a_composed_tune_has_the_tokens_it_was_drawn_as(sampler: Sampler) -> None:
    for one in composed(sampler):
        if one.prompt.form.parts == "AABA":  # its last A is not composed but written
            continue
        example = TrainingExample(1, abc_of(one.tune), one.prompt.rhythm, 1.0)
        again = VotedTune.of(example, sampler.vocabulary)
        assert [t.lower().replace(",", "").replace("'", "") for t in again.tokens] == [
            t.lower().replace(",", "").replace("'", "") for t in one.spelled
        ]  # but for the octave it is spelled in


def test_a_file_of_voted_tunes_is_read_as_it_was_written(tmp_path: Path, sampler: Sampler) -> None:
    one, two = composed(sampler)[:2]
    path = tmp_path / "votes.jsonl"
    examples = (
        TrainingExample(7, abc_of(one.tune), one.prompt.rhythm, 2.5),
        TrainingExample(9, abc_of(two.tune), two.prompt.rhythm, -1.0),
    )
    path.write_text("".join(example.to_line() for example in examples))
    assert [(tune.id, tune.weight) for tune in read(path, sampler.vocabulary)] == [(7, 2.5), (9, -1.0)]


def test_what_the_network_has_no_tokens_for_is_left_out(tmp_path: Path, sampler: Sampler) -> None:
    path = tmp_path / "votes.jsonl"
    examples = (
        TrainingExample(1, "X:1\nM:6/8\nK:C\nABC|", "jig", 1.0),
        TrainingExample(2, "no tune at all", "jig", 1.0),
    )
    path.write_text("".join(example.to_line() for example in examples))
    assert read(path, sampler.vocabulary) == []
    with pytest.raises(NotationError):
        VotedTune.of(
            TrainingExample(1, "X:1\nT:t\nR:reel\nM:5/4\nL:1/8\nK:C\nC10|C10|", "reel", 1.0), sampler.vocabulary
        )


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "7",
        '{"id": 1}',
        json.dumps({"id": "x", "abc": "", "rhythm": "", "weight": 1}),
        json.dumps({"id": 1, "abc": "", "rhythm": "", "weight": "much"}),
        '{"id": 1, "abc": "", "rhythm": "", "weight": NaN}',
    ],
)
def test_a_line_that_is_no_voted_tune_is_named(line: str, tmp_path: Path, sampler: Sampler) -> None:
    (tmp_path / "votes.jsonl").write_text("\n" + line + "\n")
    with pytest.raises(InputError, match=r"votes\.jsonl, line 2: "):
        read(tmp_path / "votes.jsonl", sampler.vocabulary)


def test_a_missing_file_is_one_line(tmp_path: Path, sampler: Sampler) -> None:
    with pytest.raises(InputError, match="cannot read the votes"):
        read(tmp_path / "none.jsonl", sampler.vocabulary)


def test_a_share_is_held_out_and_always_the_same() -> None:
    tunes = [VotedTune(n, normalized("CDEF GABc|"), (), 1.0) for n in range(2000)]
    train, held_out = split(tunes)
    assert len(train) + len(held_out) == 2000
    assert len(held_out) / 2000 == pytest.approx(HELD_OUT, abs=0.03)
    assert [tune.id for tune in held_out[:3]] == [tune.id for tune in split(tunes[:50])[1][:3]]
