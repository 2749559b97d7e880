"""Progress of long commands: one line that changes on a terminal, plain lines elsewhere."""

import sys
import time


class Progress:
    """Call it with what is being done. A context, so that the terminal's line is cleared at the end."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._terminal = sys.stderr.isatty()

    def __call__(self, doing: str) -> None:
        line = f"{time.monotonic() - self._started:5.0f} s  {doing}"
        if self._terminal:
            print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)
        else:
            print(line, file=sys.stderr, flush=True)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        if self._terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
