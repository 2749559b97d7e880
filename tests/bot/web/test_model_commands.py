"""/model commands: what can be typed where the page may change the model."""

import pytest

from bot.core.errors import BadRequest
from bot.web.commands import catalogue, parse
from bot.web.model_commands import ModelCommand


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/model status", ModelCommand("status")),
        ("/MODEL  versions ", ModelCommand("versions")),
        ("/model retrain", ModelCommand("retrain")),
        ("/model retrain minimum_votes:7 dry_run:yes", ModelCommand("retrain", 7, True)),
        ("/model cancel", ModelCommand("cancel")),
        ("/model rollback version: 3", ModelCommand("rollback", version=3)),
    ],
)
def test_every_command_is_parsed(text: str, command: ModelCommand) -> None:
    assert parse(text, model=True) == command


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("/model", "one of status, versions, retrain, cancel, rollback"),
        ("/model dance", "one of status"),
        ("/model retrain 7", "/model retrain minimum_votes:1"),
        ("/model retrain minimum_votes:many", "whole number"),
        ("/model retrain dry_run:perhaps", "say yes or no"),
        ("/model rollback", "To which version"),
        ("/model rollback version:-1", "whole number"),
        ("/model status key:D", "it has none"),
        ("/sing", "there are /compose, /help, /tune, /top, /mine, /tunebook, /mydata, /report and /model"),
    ],
)
def test_a_mistake_gets_one_line_that_helps(text: str, line: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parse(text, model=True)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_where_the_page_may_not_change_the_model_there_is_no_such_command() -> None:
    known = "/compose, /help, /tune, /top, /mine, /tunebook, /mydata and /report"
    with pytest.raises(BadRequest, match=f"There is no command /model: there are {known}"):
        parse("/model retrain")
    assert [command["name"] for command in catalogue()["commands"]] == [
        "compose",
        "help",
        "tune",
        "top",
        "mine",
        "tunebook",
        "mydata show",
        "mydata export",
        "mydata forget",
        "report",
    ]
    assert len(catalogue(model=True)["commands"]) == 15
