"""What bot and trainer exchange reads as it was written, and what is none of it is refused."""

import json

import pytest

from model.retraining.protocol import GateTest, Report, Step, TrainingExample


@pytest.mark.parametrize(
    "step", [Step("reading"), Step("tuning", 3, 90, 1.25), Step("checking", 1, 5, test="diversity")]
)
def test_a_step_reads_as_it_was_written(step: Step) -> None:
    assert Step.from_line(step.to_line()) == step


def test_a_step_without_a_test_has_null() -> None:
    line = Step("tuning", 1, 90, 2.5).to_line()
    assert line == '{"stage": "tuning", "done": 1, "of": 90, "loss": 2.5, "test": null}\n'


def test_a_step_of_another_release_may_say_more_or_less() -> None:
    assert Step.from_line('{"stage": "tuning", "done": 2.0, "speed": 7}') == Step("tuning", 2)


@pytest.mark.parametrize(
    "line",
    [
        "Loading a library…",
        "7",
        '{"stage": 7}',
        '{"stage": "tuning", "done": NaN}',
        '{"stage": "tuning", "loss": Infinity}',
        '{"stage": "tuning", "of": "many"}',
        "[" * 100_000,
    ],
)
def test_a_line_that_is_no_step_is_refused(line: str) -> None:
    with pytest.raises((ValueError, TypeError, RecursionError)):
        Step.from_line(line)


def test_a_training_example_reads_as_it_was_written() -> None:
    example = TrainingExample(12, "X:1\nT:Ó Ríada’s\nK:D\n", "slip jig", -1.5)
    assert example.to_line().count("\n") == 1
    assert TrainingExample.from_line(example.to_line()) == example


def test_a_report_is_rounded_and_knows_what_failed() -> None:
    tests = (GateTest("margin", 0.00123456789, 0.005, True, "good"), GateTest("diversity", 0.8, 0.95, False, "poor"))
    report = Report(False, "f" * 64, tests, {"margin": 0.00123456789}, {"up": 9}, ((0, 1.5), (1, 1.25)), 0.36, 12.345)
    assert report.failed == tests[1:]
    assert json.loads(json.dumps(report.to_json())) == {
        "passed": False,
        "tests": [
            {"name": "margin", "value": 0.001235, "limit": 0.005, "passed": True, "says": "good"},
            {"name": "diversity", "value": 0.8, "limit": 0.95, "passed": False, "says": "poor"},
        ],
        "scores": {"margin": 0.001235},
        "tunes": {"up": 9},
        "losses": [[0, 1.5], [1, 1.25]],
        "kept": 0.36,
        "seconds": 12.3,
        "sha256": "f" * 64,
    }
