"""The log: lines with the number of the prompt that they are about, for people or for machines."""

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal

Format = Literal["human", "logfmt", "json"]
Level = Literal["debug", "info", "warning", "error"]

_HUMAN = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_prompt: ContextVar[int | None] = ContextVar("prompt", default=None)


def about(prompt_id: int) -> None:
    """From here on the lines of this task, and of tasks that it starts, carry this prompt's number."""
    _prompt.set(prompt_id)


def set_up(form: Format, level: Level) -> None:
    """Have this process log to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_add_prompt)
    handler.setFormatter({"human": _Human(_HUMAN), "logfmt": _Logfmt(), "json": _Json()}[form])
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


def _add_prompt(record: logging.LogRecord) -> bool:
    if not hasattr(record, "prompt"):
        record.prompt = _prompt.get()
    return True


def _facts(record: logging.LogRecord, formatter: logging.Formatter) -> dict[str, object]:
    facts: dict[str, object] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": record.getMessage(),
    }
    if (prompt := getattr(record, "prompt", None)) is not None:
        facts["prompt"] = int(prompt) if str(prompt).isdigit() else prompt
    if record.exc_info:
        facts["error"] = formatter.formatException(record.exc_info)
    return facts


class _Human(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        first, *rest = super().format(record).split("\n")
        prompt = getattr(record, "prompt", None)
        return "\n".join([first if prompt is None else f"{first} prompt={prompt}", *rest])


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(_facts(record, self), ensure_ascii=False)


class _Logfmt(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return " ".join(f"{name}={_quoted(str(value))}" for name, value in _facts(record, self).items())


def _quoted(text: str) -> str:
    plain = text and not any(letter in text for letter in ' "=\\') and text.isprintable()
    return text if plain else json.dumps(text, ensure_ascii=False)
