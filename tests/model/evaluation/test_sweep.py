from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from model.evaluation.sweep import TEMPERATURES, Sweep, sweep, sweep_prompts
from model.music.form import Form
from model.music.key import MODES
from model.music.rhythm import RHYTHMS
from model.sampling.sampler import Composed, Sampler

OFFERED = [mode for mode in MODES if mode != "loc"]


def test_ten_thousand_prompts_are_of_every_kind() -> None:
    prompts = list(sweep_prompts(10_000, OFFERED))
    kinds = {(prompt.key, prompt.rhythm, prompt.form) for prompt in prompts}
    keys = {prompt.key for prompt in prompts}
    assert len(kinds) == len(keys) * len(RHYTHMS) * len(Form.FORMS) * len(Form.BARS)
    assert {prompt.temperature for prompt in prompts} == set(TEMPERATURES)
    assert len({prompt.seed for prompt in prompts}) == 10_000
    assert {key.mode for key in keys} == set(OFFERED)


def test_tunes_of_all_kinds_comply(sampler: Sampler) -> None:
    prompts = [replace(p, form=replace(p.form, bars=4)) for p in sweep_prompts(96, OFFERED)]
    done: list[int] = []
    found = sweep(sampler, prompts, True, done.append)
    assert (found.prompts, found.finished, found.well_formed, found.compliant) == (96, 96, 96, 96)
    assert not found.faults
    assert done == [64, 96]
    assert found.to_json()["faults"] == {}
    assert list(found.to_json())[:2] == ["asked", "finished"]


def test_what_is_wrong_is_counted(sampler: Sampler, monkeypatch: pytest.MonkeyPatch) -> None:
    composed = sampler.compose(list(sweep_prompts(3, OFFERED)))

    class FaultySampler:
        """Composes a tune in another key, one without its last bar, and fails once."""

        def stream(self, prompts: Sequence[Any]) -> list[tuple[int, Composed | Exception]]:
            first, second, _ = composed
            wrong = replace(first, tune=replace(first.tune, key=replace(first.tune.key, step=first.tune.key.step ^ 1)))
            short = replace(second, tune=replace(second.tune, bars=second.tune.bars[:-1]))
            return [(0, wrong), (1, short), (2, RuntimeError("nothing came"))]

    found: Sweep = sweep(FaultySampler(), [one.prompt for one in composed], False, lambda _: None)  # type: ignore[arg-type]
    assert (found.prompts, found.finished, found.well_formed, found.compliant) == (3, 2, 0, 0)
    assert found.faults["failed: nothing came"] == 1
