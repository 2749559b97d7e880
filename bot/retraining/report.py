"""A trainer's report of its candidate, read and validated."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bot.core.errors import TrainerError
from model.retraining.protocol import Report

_LARGEST = 1_000_000  # bytes of a report


def read(path: Path) -> dict[str, Any]:
    """A report file as JSON. TrainerError where it is no report, or has a number that is none."""
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
    report: dict[str, Any] = data
    return report


def validated(data: Any) -> Report:
    """A report from its JSON; one that contradicts itself has not passed. ValidationError."""
    report = TypeAdapter(Report).validate_python(data)
    return replace(report, passed=report.passed and bool(report.tests) and not report.failed)


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no number")
