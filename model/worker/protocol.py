"""Messages between bot and worker: jobs in, events out, each a line of JSON. No torch here."""

import json
from dataclasses import asdict, dataclass
from typing import Any, Self

from model.prompt import Prompt, checked_fields

_JOB_FIELDS: dict[str, type | tuple[type, ...]] = {
    "id": str,
    "prompt": dict,
    "deadline": (int, float),
    "checkpoint": str,
    "sha256": str,
    "version": int,
}


@dataclass(frozen=True)
class Job:
    """One tune for a worker to compose. `deadline` is in seconds from when a worker is given it.

    `version` is what the bot calls the checkpoint; `sha256`, of its file, is checked where it is given.
    """

    id: str
    prompt: Prompt
    deadline: float
    checkpoint: str = ""  # path; empty is the one the worker was started with
    sha256: str = ""
    version: int = 0

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "prompt": self.prompt.to_json()}

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Raises InputError, one line that names the field, for what `to_json` of this release does not give."""
        given = checked_fields(data, "job", _JOB_FIELDS)
        return cls(**{**given, "prompt": Prompt.from_json(given["prompt"])})


@dataclass(frozen=True)
class Known:
    """The corpus tune that a new one is most like: its title, its book, and how alike they are, 0 to 1."""

    title: str
    source: str
    similarity: float


@dataclass(frozen=True)
class Event:
    """A message of a worker. Of a job, `state` is `composing`, or one outcome: `done` with `abc`, or `failed`.

    Of the worker itself, with an empty id: `ready` once; `alive` every few seconds, with the `jobs` it has, its
    `memory` in MiB, and the `device` it computes on; and `batch` after each batch, with its `jobs`, `tokens` and
    `seconds`.

    `nearest` is None where nothing was compared; `temperature` is the one that the tune was drawn at in the end, None
    where there is no tune. `error` is one line fit for a member; `fault` is `input` (the member's), `sampling` (another
    seed may do) or `internal`. `version` is that of the checkpoint that composed, 0 for the one the worker was started
    with; `note` is a line that says why it is not the job's own, empty where it is.
    """

    id: str
    state: str
    title: str = ""
    abc: str = ""
    tokens: int = 0
    draws: int = 0
    seconds: float = 0.0
    nearest: Known | None = None
    temperature: float | None = None
    error: str = ""
    fault: str = ""
    version: int = 0
    note: str = ""
    jobs: int = 0
    memory: int = 0
    device: str = ""

    def to_line(self) -> str:
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def from_line(cls, line: str | bytes) -> Self:
        """Raises ValueError or TypeError for a line that is no event."""
        data = json.loads(line)
        nearest = data.pop("nearest", None) if isinstance(data, dict) else None
        return cls(**data, nearest=Known(**nearest) if nearest else None)
