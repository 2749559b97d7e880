"""The log: lines with the number of the prompt that they are about, for people or for machines."""

import json
import logging
import re
import sys
import time
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal, TextIO

Format = Literal["human", "logfmt", "json"]
Level = Literal["debug", "info", "warning", "error"]

_HUMAN = "%(asctime)s %(levelname)s %(name)s: %(message)s"
# of interactions and webhooks, which let whoever has them answer in the bot's name
_TOKENS = re.compile(r"""(/(?:webhooks|interactions)/\d+/|\btoken\\?["']?\s*[:=]\s*\\?["']?)[\w.~%+=-]{6,}""")
_NUMBERS = re.compile(r"\d+")
_MINUTE, _MOST_KINDS = 60.0, 10_000
_prompt: ContextVar[int | None] = ContextVar("prompt", default=None)


def about(prompt_id: int) -> None:
    """From here on the lines of this task, and of tasks that it starts, carry this prompt's number."""
    _prompt.set(prompt_id)


def set_up(form: Format, level: Level) -> None:
    """Have this process log to stderr."""
    handler = _Handler(sys.stderr)
    handler.addFilter(_add_prompt)
    handler.addFilter(_OncePerMinute())
    handler.setFormatter({"human": _Human(_HUMAN), "logfmt": _Logfmt(), "json": _Json()}[form])
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


class _Handler(logging.StreamHandler[TextIO]):
    """Writes lines without the tokens that discord.py has in paths and events."""

    def format(self, record: logging.LogRecord) -> str:
        return _TOKENS.sub(r"\1…", super().format(record))


class _OncePerMinute(logging.Filter):
    """Lets one a minute through of each kind of warning and error that libraries log, and says how many there were."""

    def __init__(self) -> None:
        super().__init__()
        self._kinds: dict[tuple[str, str], tuple[float, int]] = {}  # -> when it was logged last, how many since

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING or record.name.startswith(("bot", "model")):
            return True
        kind = record.name, _NUMBERS.sub("", str(record.msg))[:200]
        last, left_out = self._kinds.get(kind, (-_MINUTE, 0))
        now = time.monotonic()
        if now - last < _MINUTE or len(self._kinds) > _MOST_KINDS:
            self._kinds[kind] = last, left_out + 1
            return False
        self._kinds[kind] = now, 0
        if left_out:
            record.msg, record.args = f"{record.getMessage()} (and {left_out} more like it)", ()
        return True


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
