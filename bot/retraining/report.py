"""What a trainer reports of its candidate."""

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bot.core.errors import TrainerError
from model.retraining.protocol import Report

_LARGEST = 1_000_000  # bytes of a report


def read(path: Path) -> dict[str, Any]:
    """A trainer's report as JSON. TrainerError where it is none, or holds what is no number."""
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST + 1)
    except OSError as error:
        raise TrainerError(f"the trainer left no report: {error.strerror}") from error
    try:
        data = json.loads(text, parse_constant=_refuse)
        validated(data)
    except (ValueError, ValidationError) as error:
        raise TrainerError("the trainer's report makes no sense, so nothing came of it") from error
    found: dict[str, Any] = data
    return found


def validated(data: Any) -> Report:
    """A report from its JSON; one that contradicts itself has not passed. ValidationError."""
    found = TypeAdapter(Report).validate_python(data)
    passed = found.passed and bool(found.tests) and not found.failed
    return found if found.passed == passed else TypeAdapter(Report).validate_python({**data, "passed": passed})


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no number")
