"""A trainer that "learns" at once, and misbehaves on demand: `--do WHAT [--at STAGE]` comes first.

Stages: `reading`, `tuning`, `checking`, then `written`, when candidate and report are there, and `proving`, when the
candidate is tried. At its stage it does: `die` (SIGKILL), `hang`, `fail` or `input` (a line, and exit status 1 or 2).
`wait` is for the file of `--once` to be there.
`refuse`, `nan`, `nan-report`, `no-report`, `garbage-report`, `other-hash`, `no-candidate`, `contradict` are outcomes.
`--once FILE`: only the first process that reaches the stage does so. `--log FILE` keeps the inputs of each process.
`--stubborn` ignores SIGTERM, and that its input closes. `--noise` writes lines that are no steps.
"""

import argparse
import hashlib
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

# the command of this program
STAND_IN_TRAINER = (sys.executable, "-m", "tests.bot.workers.local.stand_in_trainer")
TESTS: list[dict[str, Any]] = [
    {"name": "bits_per_note", "value": 2.01, "limit": 2.05, "passed": True, "says": "2.01 bits per note, at most 2.05"},
    {"name": "diversity", "value": 0.97, "limit": 0.95, "passed": True, "says": "diversity 0.97, at least 0.95"},
]
ENVIRONMENT = ("OMP_NUM_THREADS", "DISCORD_TOKEN", "TUNESMITH_STORE__URL", "TUNESMITH_WORKERS__BROKER")
REFUSAL = "diversity 0.80 of version 1's, at least 0.95"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--do", default="pass")
    parser.add_argument("--at", default="tuning")
    parser.add_argument("--once", type=Path)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--stubborn", action="store_true")
    parser.add_argument("--noise", action="store_true")
    commands = parser.add_subparsers(required=True)
    finetune = commands.add_parser("finetune")
    for name in ("base", "votes", "out", "report", "baseline", "cache"):
        finetune.add_argument(f"--{name}", type=Path)
    finetune.add_argument("--seed", type=int)
    finetune.add_argument("--threads", type=int)
    finetune.add_argument("--attached", action="store_true")
    finetune.set_defaults(run=tune)
    sample = commands.add_parser("sample")
    sample.add_argument("--checkpoint", type=Path)
    sample.set_defaults(run=prove)
    options, _ = parser.parse_known_args()
    if options.stubborn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    elif getattr(options, "attached", False):
        threading.Thread(target=exit_with_the_bot, daemon=True).start()
    options.run(options)


def exit_with_the_bot() -> None:
    sys.stdin.read()
    os._exit(1)


def tune(options: argparse.Namespace) -> None:
    examples = [json.loads(line) for line in options.votes.read_text().splitlines()]
    if options.log:
        facts = {"pid": os.getpid(), "examples": examples, "nice": os.nice(0), "session": os.getsid(0)}
        facts |= {name: str(value) for name, value in vars(options).items() if name in ("base", "baseline", "seed")}
        facts |= {"environment": {name: os.environ.get(name) for name in ENVIRONMENT}}
        with options.log.open("a") as file:
            file.write(json.dumps(facts) + "\n")
    if options.noise:
        print("Loading a library…\n" + "x" * 2_000_000, flush=True)
        print("warning: " + "y" * 2_000_000, file=sys.stderr, flush=True)
        write_step(stage="tuning", done=1, of=40, loss=float("nan"), test=None)
    write_step(stage="reading", done=0, of=len(examples), loss=None, test=None)
    misbehave(options, "reading")
    for done in range(4):
        write_step(stage="tuning", done=10 * done, of=40, loss=2.0 - done / 10, test=None)
    misbehave(options, "tuning")
    write_step(stage="checking", done=1, of=2, loss=None, test="diversity")
    misbehave(options, "checking")
    write(options)
    misbehave(options, "written")


def write(options: argparse.Namespace) -> None:
    weights = b"nan" if options.do == "nan" else f"learned from {options.base} {time.time()}".encode()
    if options.do != "no-candidate":
        options.out.write_bytes(weights)
    report = {
        "passed": options.do not in ("refuse", "contradict"),
        "tests": TESTS,
        "tunes": {"up": 60, "down": 90, "held_out_up": 15, "held_out_down": 22},
        "losses": [[10 * step, 2.0 - step / 10] for step in range(4)],
        "scores": {"bits_per_note": float("nan") if options.do == "nan-report" else 2.01},
        "seconds": 0.1,
        "sha256": hashlib.sha256(b"other" if options.do == "other-hash" else weights).hexdigest(),
    }
    if options.do in ("refuse", "contradict"):
        report["passed"] = options.do == "contradict"
        report["tests"] = [TESTS[0], {**TESTS[1], "value": 0.8, "passed": False, "says": REFUSAL}]
    if options.do != "no-report":
        text = "{" if options.do == "garbage-report" else json.dumps(report)
        options.report.write_text(text)


def prove(options: argparse.Namespace) -> None:
    misbehave(options, "proving")
    if options.checkpoint.read_bytes() == b"nan":
        sys.exit(f"error: checkpoint {options.checkpoint} holds weights that are not finite numbers")
    print("X:1\nK:D\n|:DEFG A4:|")


def misbehave(options: argparse.Namespace, stage: str) -> None:
    if stage != options.at:
        return
    if options.do == "wait":
        while not options.once.exists():
            time.sleep(0.02)
        return
    if options.once:
        if options.once.exists():
            return
        options.once.touch()
    match options.do:
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            while True:
                time.sleep(600)
        case "fail":
            print("a library complains", file=sys.stderr)
            sys.exit("error: cannot write the candidate: No space left on device")
        case "input":
            print("error: 3 voted tunes are too few to hold any out", file=sys.stderr)
            sys.exit(2)


def write_step(**step: object) -> None:
    print(json.dumps(step), flush=True)


if __name__ == "__main__":
    main()
