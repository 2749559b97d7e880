"""A worker that speaks the protocol, composes at once, and misbehaves on demand: the first word of a job's opening.

`die` ends the process, `hang` stops answering for good, `twice` answers twice, `garbage` writes what is no event,
`quiet` never answers this job but others, `noise` floods stderr, `fail` and `refuse` are a worker's own failures,
`freeze` stops the process, `other` composes with version 1 instead, `sleep` takes `--sleep` seconds, as a device would
that composes one tune after another.
With `once FILE` after the word, only the first process that meets the job does so. `--broken TEXT` keeps it from
starting, `--log FILE` keeps the lines it reads, `--well-behaved` ignores every such word.
"""

import argparse
import json
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from model.worker.protocol import Event, Known

STAND_IN = (sys.executable, "-m", "tests.bot.workers.local.stand_in")  # the command of this program
ABC = "X:1\nT:The Stand-In\nR:reel\nM:C|\nL:1/8\nK:D\n|:" + "DEFG ABAF|" * 8 + ":|\n"


def say(event: Event) -> None:
    os.write(1, event.to_line().encode())  # whole lines, from any thread


@dataclass
class Heart:
    """Says every so many seconds that the process lives and how much memory it pretends to take up."""

    seconds: float
    memory: int = 100

    def beat(self) -> None:
        while True:
            say(Event("", "alive", memory=self.memory, device="stand-in"))
            time.sleep(self.seconds)


def answer(job: dict[str, Any], sleep: float = 0.0) -> None:
    word, *rest = job["prompt"]["opening"].split() or [""]
    if rest[:1] == ["once"]:
        mark = Path(rest[1])
        if mark.exists():
            word = ""
        mark.touch()
    done = Event(
        job["id"],
        "done",
        title=f"Seed {job['prompt']['seed']}",
        abc=ABC.replace("Stand-In", str(os.getpid())),
        nearest=Known("The Boys of Malin", "ryansMammoth", 0.41),
        temperature=1.2,
    )
    say(Event(job["id"], "composing"))
    match word:
        case "die":
            os.kill(os.getpid(), 9)
        case "hang":
            time.sleep(600)
        case "garbage":
            os.write(1, b"Segmentation fault, or not?\n")
        case "freeze":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "other":
            say(replace(done, version=1, note="version 2 cannot be used: it is corrupt"))
        case "quiet":
            pass
        case "sleep":
            time.sleep(sleep)
            say(done)
        case "fail":
            say(Event(job["id"], "failed", error="no tune came out: try another seed", fault="sampling"))
        case "refuse":
            say(Event(job["id"], "failed", error="bar 1 of the opening is wrong", fault="input"))
        case "twice":
            say(done)
            say(Event(job["id"], "failed", error="a second answer", fault="internal"))
        case "noise":
            print("x" * 3_000_000, file=sys.stderr, flush=True)
            say(done)
        case _:
            say(done)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads")
    parser.add_argument("--checkpoint")
    parser.add_argument("--keep")
    parser.add_argument("--heartbeat", type=float, default=2.0)
    parser.add_argument("--grows", type=int, default=0, help="MiB with every job")
    parser.add_argument("--broken")
    parser.add_argument("--sleep", type=float, default=0.1)
    parser.add_argument("--well-behaved", action="store_true")
    parser.add_argument("--log", type=Path)
    options = parser.parse_args()
    if options.broken:
        sys.exit(f"error: {options.broken}")
    if options.checkpoint and not Path(options.checkpoint).exists():
        sys.exit(f"error: no checkpoint at {options.checkpoint}")
    say(Event("", "ready"))
    heart = Heart(options.heartbeat)
    threading.Thread(target=heart.beat, daemon=True).start()
    for line in sys.stdin:
        heart.memory += options.grows
        if options.log:
            with options.log.open("a") as file:
                file.write(line)
        job = json.loads(line)
        if options.well_behaved and "prompt" in job:
            job["prompt"]["opening"] = ""
        if "cancel" not in job:
            answer(job, options.sleep)


if __name__ == "__main__":
    main()
