"""The commands of the page that find tunes /tune, /top, /mine and /tunebook."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.errors import BadRequest
from bot.core.values import Period
from bot.web.option_parser import Command, Option, Value
from model.music.rhythm import RHYTHMS

_DIGITS = 18
PERIODS = {Period.DAY: "today", Period.WEEK: "since Monday", Period.MONTH: "this month", Period.ALL: "of all time"}
_RHYTHMS = tuple(Value(rhythm.name, "", rhythm.aliases) for rhythm in RHYTHMS.values())
COMMANDS = (
    Command("tune", "A tune by its number", (Option("id", "the number of the tune", required=True),)),
    Command(
        "top",
        "The best tunes by their votes",
        (
            Option("period", "when the votes were cast", tuple(map(Value, PERIODS, PERIODS.values())), closed=True),
            Option("rhythm", "of one dance only", _RHYTHMS, closed=True),
        ),
    ),
    Command("mine", "The tunes that you had composed"),
    Command("tunebook", "The tunes that you voted up, as a book: PDF and ABC"),
)


@dataclass(frozen=True)
class TuneCommand:
    """One of the commands, with its options."""

    name: str
    tune_id: int = 0
    period: Period = Period.ALL
    rhythm: str | None = None


def parse_tune_command(name: str, options: Mapping[str, str]) -> TuneCommand:
    """The command of a name and its options as typed. BadRequest, one line."""
    number = options.get("id", "")
    if name == "tune" and (not (number.isascii() and number.isdigit()) or len(number) > _DIGITS):
        raise BadRequest("Which tune? Give its number, for example /tune id:42")
    period = options.get("period") or Period.ALL
    if period not in list(Period):
        raise BadRequest(f"period is {str(period)[:20]}: choose one of {', '.join(Period)}")
    return TuneCommand(name, int(number or 0), Period(period), options.get("rhythm") or None)
