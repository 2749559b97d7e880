"""Messages from Redis: hostile until parsed here, since whoever reaches it can write anything."""

import hashlib
import json
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, TypeVar

import pydantic
from pydantic import ConfigDict, TypeAdapter

from bot.workers.health import Health
from model.retraining.protocol import Step
from model.worker.protocol import Event

T = TypeVar("T")

LONGEST = 1 << 20  # bytes of one message
MOST_KNOWN = 1000  # bad messages that are remembered, so that each is logged once
_BAD = (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Notice:
    """What a worker tells a bot about the job `id`: which `worker` has it, or its `outcome`."""

    id: str
    worker: str = ""
    outcome: str = ""


@dataclass(frozen=True)
class TrainingOutcome:
    """The end of a training: an `error`, perhaps of its `input`, or a report, and a candidate's hash."""

    error: str = ""
    input: bool = False
    report: str | None = None
    sha256: str = ""


@dataclass
class Inbox:
    """Parses messages. One that is bad is None: it is logged once, and counted in `rejected`."""

    rejected: int = 0
    _known: set[bytes] = field(default_factory=set)

    def read(self, kind: str, raw: bytes | str, parse: Callable[[bytes], T]) -> T | None:
        data = raw.encode(errors="surrogateescape") if isinstance(raw, str) else raw
        try:
            if len(data) > LONGEST:
                raise ValueError(f"{len(data)} bytes are too many")
            return parse(data)
        except _BAD as error:
            self._reject(kind, data, error)
            return None

    def _reject(self, kind: str, data: bytes, error: Exception) -> None:
        self.rejected += 1
        digest = hashlib.sha256(data).digest()
        if digest in self._known or len(self._known) >= MOST_KNOWN:
            return
        self._known.add(digest)
        reason = " ".join(str(error).split())[:200]
        log.error("%s from Redis cannot be read and is left out: %s: %.80r", kind, reason, data)


def event(data: bytes) -> Event:
    """A worker's outcome of a job. ValueError."""
    found = _parsed(Event, data)
    if found.state not in ("done", "failed"):
        raise ValueError(f"{found.state[:20]!r} is no outcome")
    return found


def notice(data: bytes) -> Notice:
    """ValueError."""
    return _parsed(Notice, data)


def training_outcome(data: bytes) -> TrainingOutcome:
    """ValueError."""
    return _parsed(TrainingOutcome, data)


def step(data: bytes) -> Step:
    """ValueError."""
    return _parsed(Step, data)


def health(data: bytes, now: float) -> Health:
    """A worker's health as it published it, perhaps with or without fields of another release. ValueError."""
    stored = json.loads(data)
    at, published = float(stored["at"]), json.loads(stored["health"])
    if not math.isfinite(at):
        raise ValueError("the time is no number")
    known = {each.name: published[each.name] for each in fields(Health) if each.name in published}
    return _parsed(Health, json.dumps({**known, "seen": max(0.0, now - at)}))


def _parsed(kind: type[T], data: bytes | str) -> T:
    checked = _adapter(kind).validate_json(data)  # type: ignore[arg-type]  # a class is hashable
    return kind(**{each.name: getattr(checked, each.name) for each in fields(kind)})  # type: ignore[arg-type]


@cache
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    """Of the same fields, with their types checked, and no others."""
    config = ConfigDict(strict=True, extra="forbid")
    strict: Any = pydantic.dataclasses.dataclass(frozen=True, config=config)(kind)
    return TypeAdapter(strict)
