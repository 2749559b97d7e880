"""The lines about prompts and tunes."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.core.values import Progress, State, StoredPrompt
from bot.discord.messages import wording
from model.prompt import parse_prompt
from model.worker.protocol import Known
from tests.bot.discord.messages.test_tunes import TUNE

PROMPT = StoredPrompt(1, 1, "ann", 1, parse_prompt("Edor", "air"), 1, State.QUEUED, 1, datetime.now(UTC))


@pytest.mark.parametrize(
    ("state", "ahead", "line"),
    [
        (State.QUEUED, 0, "An air in E dorian: next in the queue…"),
        (State.QUEUED, 1, "An air in E dorian: 2nd in the queue…"),
        (State.COMPOSING, 0, "An air in E dorian: composing…"),
        (State.RENDERING, 0, "An air in E dorian: engraving and recording…"),
    ],
)
def test_the_line_of_a_prompt_that_is_not_done(state: State, ahead: int, line: str) -> None:
    progress = Progress(replace(PROMPT, state=state), ahead)
    assert wording.status(progress) == line
    assert wording.status(replace(progress, note="the worker is down")) == "An air in E dorian: the worker is down"


def test_several_tunes_and_variations_are_described_as_such() -> None:
    assert wording.description(PROMPT.prompt, 3) == "3 tunes (air, E dorian)"
    assert wording.description(replace(PROMPT.prompt, vary="parts")) == "a variation in E dorian"


@pytest.mark.parametrize(
    ("state", "error", "line"),
    [
        (State.FAILED, "bar 1 has `x`, @everyone", "Bar 1 has \\`x\\`, @\u200beveryone"),
        (State.FAILED, "", "That did not work: try again."),
        (State.CANCELLED, "", "Cancelled."),
        (State.DONE, "", "This tune was deleted."),
    ],
)
def test_the_line_of_a_prompt_without_a_tune_is_escaped(state: State, error: str, line: str) -> None:
    assert wording.outcome(Progress(replace(PROMPT, state=state, error=error))) == line


@pytest.mark.parametrize(
    ("nearest", "drawn", "line"),
    [
        (
            Known("The *Lane*", "oneills1850", 0.4),
            None,
            r"Nearest known tune: The \*Lane\* (O'Neill's Music of Ireland), 40% alike",
        ),
        (None, 1.2, "Drawn at temperature 1.2 to get a new tune"),
        (None, 1.0, ""),
        (None, None, ""),
    ],
)
def test_the_line_on_originality(nearest: Known | None, drawn: float | None, line: str) -> None:
    assert wording.originality(replace(TUNE, nearest=nearest, drawn_temperature=drawn)) == line


def test_a_replaced_version_is_named() -> None:
    assert "model v1 (v2 could not be used)" in wording.origin(replace(TUNE, asked_version=2))
