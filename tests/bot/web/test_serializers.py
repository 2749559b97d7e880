"""Values as JSON: the status line of a prompt, and what a tune shows."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.core.values import Progress, State, StoredPrompt, StoredTune, Votes
from bot.web.serializers import history_json, media_version, progress_json, votes_json
from model.prompt import parse_prompt
from model.worker.protocol import Known

NOW = datetime(2026, 11, 28, tzinfo=UTC)
PROMPT = StoredPrompt(1, 2, "Ann", 3, parse_prompt("Edor", "air", seed=7), 1, State.QUEUED, 1, NOW)
TUNE = StoredTune(1, 1, 2, "Ann", 3, PROMPT.prompt, 1, "The Silver Heron", "X:1", NOW)


@pytest.mark.parametrize(
    ("state", "ahead", "line"),
    [
        (State.QUEUED, -1, "in the queue…"),
        (State.QUEUED, 0, "next in the queue…"),
        (State.QUEUED, 1, "2nd in the queue…"),
        (State.QUEUED, 10, "11th in the queue…"),
        (State.COMPOSING, 0, "composing…"),
        (State.RENDERING, 0, "engraving…"),
        (State.DONE, 0, ""),
        (State.CANCELLED, 0, "Cancelled."),
        (State.FAILED, 0, "That did not work. Try again."),
    ],
)
def test_the_status_line_says_where_a_prompt_is(state: State, ahead: int, line: str) -> None:
    assert progress_json(Progress(replace(PROMPT, state=state), ahead))["status"] == line


def test_the_status_line_shows_an_error_or_an_outage() -> None:
    failed = replace(PROMPT, state=State.FAILED, error="No worker answers.")
    assert progress_json(Progress(failed))["status"] == "No worker answers."
    assert progress_json(Progress(PROMPT, 3, note="the worker is down"))["status"] == "the worker is down"


@pytest.mark.parametrize(
    ("nearest", "drawn", "line"),
    [
        (Known("The Boys of Malin", "ryansMammoth", 0.406), None,
         "Nearest known tune: The Boys of Malin (Ryan's Mammoth Collection), 41% alike"),
        (Known("The Boys of Malin", "ryansMammoth", 0.4), 1.0,
         "Nearest known tune: The Boys of Malin (Ryan's Mammoth Collection), 40% alike"),
        (Known("Malin", "cobb", 0.796), 1.2,
         "Nearest known tune: Malin (Cobb's Irish Folk Music), 80% alike;"
         " drawn at temperature 1.2 to get a new tune"),
        (None, 1.2, "Drawn at temperature 1.2 to get a new tune"),
        (None, 1.0, ""),
        (None, None, ""),
    ],
)  # fmt: skip
def test_a_tune_names_the_nearest_known_tune(nearest: Known | None, drawn: float | None, line: str) -> None:
    tune = replace(TUNE, nearest=nearest, drawn_temperature=drawn)
    known = progress_json(Progress(PROMPT, tunes=(tune,)))["tunes"][0]["known"]
    assert known["before"] + known["title"] + known["after"] == line


def test_a_tune_has_its_facts_and_an_alternative_text() -> None:
    (tune,) = progress_json(Progress(PROMPT, tunes=(replace(TUNE, asked_version=2),)))["tunes"]
    assert " · ".join(tune["facts"]) == (
        "E dorian · air · 76 bpm · AABB:8 · temperature 1 · seed 7 · model v1 (v2 could not be used)"
    )
    assert tune["alt"] == "Sheet music of The Silver Heron: an air in E dorian in 3/4 time, form AABB"


def test_votes_have_the_vote_of_the_member_who_asks() -> None:
    assert votes_json(Votes(3, 1, -1)) == {"up": 3, "down": 1, "mine": -1}


def test_files_of_another_database_have_other_urls() -> None:
    assert media_version(TUNE) != media_version(replace(TUNE, created_at=datetime(2026, 11, 29, tzinfo=UTC)))


def test_files_of_a_tune_with_another_title_have_other_urls() -> None:
    assert media_version(TUNE) != media_version(replace(TUNE, abc="X:1\nT:Another"))


def test_the_history_has_positions_of_unfinished_prompts() -> None:
    done = replace(PROMPT, id=2, state=State.DONE)
    rows = [(PROMPT, ()), (done, (TUNE,)), (replace(PROMPT, id=3), ())]
    first, second, third = history_json(rows, {1: Progress(PROMPT, 2)})
    assert (first["status"], first["final"]) == ("3rd in the queue…", False)
    assert (second["status"], len(second["tunes"])) == ("", 1)
    assert third["status"] == "in the queue…"
