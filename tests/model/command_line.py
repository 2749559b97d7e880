"""The commands of `python -m model` in real subprocesses."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ended:
    status: int
    out: str
    err: str


def model(*arguments: str, program: Sequence[str] = ("-m", "model"), timeout: float = 240) -> Ended:
    """What `python -m model ARGUMENTS` printed, and its exit status. `timeout` is for hangs."""
    done = subprocess.run(
        [sys.executable, *program, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def is_one_line(ended: Ended, status: int, *words: str) -> None:
    """A refusal: nothing on stdout, one line on stderr with all of `words`, and the right exit status."""
    assert ended.status == status, ended.err
    assert ended.out == ""
    assert ended.err.startswith("error: ")
    assert ended.err.count("\n") == 1
    assert all(word in ended.err for word in words), ended.err
