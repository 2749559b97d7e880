"""The /report command of the page, and /reports and /moderate, which are for its admins."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.errors import BadRequest
from bot.library.reports import ACTIONS, SUBJECTS
from bot.web.option_parser import Command, Option, Value

_DIGITS = 18
_ID = Option("id", "the number of the tune", required=True)
REPORT = Command(
    "report",
    "Tell the admins of a tune or title that should not stand here",
    (
        _ID,
        Option("subject", "what is wrong: tune or title", tuple(map(Value, SUBJECTS, SUBJECTS.values())), closed=True),
        Option("reason", "why, for the admins alone", quoted=True),
    ),
)
ADMINS = (
    Command("reports", "What was reported, and what became of it"),
    Command(
        "moderate",
        "What becomes of a tune, or its title, that should not stand here",
        (
            _ID,
            Option(
                "action",
                "what becomes of it",
                tuple(Value(action, label) for action, label in ACTIONS.items()),
                required=True,
                closed=True,
            ),
        ),
    ),
)


@dataclass(frozen=True)
class ReportCommand:
    """`report`, or one of the admins' `reports` and `moderate`; `choice` is what is reported, or done about it."""

    name: str
    tune_id: int = 0
    choice: str = ""
    reason: str = ""


def parse_report(name: str, options: Mapping[str, str]) -> ReportCommand:
    """The command of a name and its options as typed. BadRequest, one line."""
    if name == "reports":
        return ReportCommand(name)
    number = options.get("id", "")
    if not (number.isascii() and number.isdigit()) or len(number) > _DIGITS:
        raise BadRequest(f"Which tune? Give the number that stands under it, for example /{name} id:42")
    choice = options.get("action", "") if name == "moderate" else options.get("subject") or "tune"
    return ReportCommand(name, int(number), choice, options.get("reason", ""))
