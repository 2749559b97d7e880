"""A worker's process that sleeps in place of composing, and always gives the same tune: it measures all around it."""

import argparse
import json
import sys
import time

from model.worker.protocol import Event

_ABC = "X:1\nT:The Bench\nR:reel\nM:4/4\nL:1/8\nK:D\n" + "|:DEFG ABAF|DEFG ABAF|DEFG ABAF|DEFG A4:|\n" * 4


def sleeping_worker(seconds: float) -> tuple[str, ...]:
    """The command of a worker's process that sleeps so long for each tune."""
    return (sys.executable, "-m", "bot.benchmarks.sleeping_worker", str(seconds))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("seconds", type=float, help="that each tune takes, one after another")
    for name in ("--threads", "--keep", "--checkpoint"):
        parser.add_argument(name)
    options = parser.parse_args()
    _write(Event("", "ready"))
    for line in sys.stdin:
        job = json.loads(line)
        if "cancel" in job:
            continue
        time.sleep(options.seconds)
        _write(Event(job["id"], "done", title="The Bench", abc=_ABC, tokens=100, temperature=1.0))


def _write(event: Event) -> None:
    sys.stdout.write(event.to_line())
    sys.stdout.flush()


if __name__ == "__main__":
    main()
