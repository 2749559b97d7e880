"""The /model commands of the page, for the owner of this machine."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.errors import BadRequest
from bot.web.option_parser import Command, Option, Value

_YES_OR_NO = (
    Value("yes", "test what was learned, and change nothing"),
    Value("no", "what passes composes from then on"),
)
_MOST_DIGITS = 18
COMMANDS = (
    Command("model status", "What composes: version and workers; what is being learned"),
    Command("model versions", "All versions, and how they are liked"),
    Command(
        "model retrain",
        "Learn from the votes; what passes every test composes from then on",
        (
            Option("minimum_votes", "with fewer votes nothing is learned"),
            Option("dry_run", "test what was learned, and change nothing", _YES_OR_NO, closed=True),
        ),
    ),
    Command("model cancel", "Stop what is being learned; nothing changes"),
    Command(
        "model rollback",
        "Use another version from the next tune on",
        (Option("version", "its number, as /model versions shows it", required=True),),
    ),
)


@dataclass(frozen=True)
class ModelCommand:
    """One of the actions `status`, `versions`, `retrain`, `cancel` and `rollback`, with its options."""

    action: str
    minimum_votes: int | None = None
    dry_run: bool = False
    version: int = 0


def parse_action(action: str, options: Mapping[str, str]) -> ModelCommand:
    """The command of an action and its options as typed. BadRequest, one line."""
    match action:
        case "retrain":
            wanted = options.get("minimum_votes")
            minimum = _parse_number("minimum_votes", wanted) if wanted else None
            return ModelCommand(action, minimum, _parse_yes(options.get("dry_run", "no")))
        case "rollback":
            if not options.get("version"):
                raise BadRequest("To which version? Name one, for example /model rollback version:1")
            return ModelCommand(action, version=_parse_number("version", options["version"]))
    return ModelCommand(action)


def _parse_number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > _MOST_DIGITS:
        raise BadRequest(f"{name} is {text[:20]}: write a whole number")
    return int(text)


def _parse_yes(text: str) -> bool:
    if text.lower() not in ("yes", "no", "true", "false"):
        raise BadRequest(f"dry_run is {text[:20]}: say yes or no")
    return text.lower() in ("yes", "true")
