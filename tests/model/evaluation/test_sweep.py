from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from model.evaluation.sweep import TEMPERATURES, Sweep, prompts, sweep
from model.music.form import Form
from model.music.key import MODES
from model.music.rhythm import RHYTHMS
from model.sampling.sampler import Composed, Sampler

OFFERED = [mode for mode in MODES if mode != "loc"]


def test_ten_thousand_prompts_are_of_every_kind() -> None:
    asked = list(prompts(10_000, OFFERED))
    kinds = {(prompt.key, prompt.rhythm, prompt.form) for prompt in asked}
    keys = {prompt.key for prompt in asked}
    assert len(kinds) == len(keys) * len(RHYTHMS) * len(Form.FORMS) * len(Form.BARS)
    assert {prompt.temperature for prompt in asked} == set(TEMPERATURES)
    assert len({prompt.seed for prompt in asked}) == 10_000
    assert {key.mode for key in keys} == set(OFFERED)


def test_a_hundred_tunes_of_all_kinds_are_as_asked(sampler: Sampler) -> None:
    asked = [replace(p, form=replace(p.form, bars=4)) for p in prompts(96, OFFERED)]
    told: list[int] = []
    found = sweep(sampler, asked, True, told.append)
    assert (found.asked, found.finished, found.well_formed, found.compliant) == (96, 96, 96, 96)
    assert not found.faults
    assert told == [64, 96]
    assert found.to_json()["faults"] == {}


def test_what_is_wrong_is_counted(sampler: Sampler, monkeypatch: pytest.MonkeyPatch) -> None:
    composed = sampler.compose(list(prompts(3, OFFERED)))

    class Careless:
        """Gives one tune in another key, one without its last bar, and one not at all."""

        def stream(self, asked: Sequence[Any]) -> list[tuple[int, Composed | Exception]]:
            first, second, _ = composed
            wrong = replace(first, tune=replace(first.tune, key=replace(first.tune.key, step=first.tune.key.step ^ 1)))
            short = replace(second, tune=replace(second.tune, bars=second.tune.bars[:-1]))
            return [(0, wrong), (1, short), (2, RuntimeError("nothing came"))]

    found: Sweep = sweep(Careless(), [one.prompt for one in composed], False, lambda _: None)  # type: ignore[arg-type]
    assert (found.asked, found.finished, found.well_formed, found.compliant) == (3, 2, 0, 0)
    assert found.faults["failed: nothing came"] == 1
