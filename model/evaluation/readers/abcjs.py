"""abcjs, a reader of ABC for browsers, run in Node: its parser's warnings, and the lengths of its bars."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from model.evaluation.bar_lengths import uneven_bars
from model.music.key import Key
from model.music.tune import Bar, Metre, Note, Tune

TIMEOUT = 30.0  # seconds for one run, and PER_TUNE for each tune of it
PER_TUNE = 0.2
_PLACE = re.compile(r"^Music Line:\d+:\d+: |:  .*$")  # of a warning: where, and the line itself as HTML
_SCRIPT = Path(__file__).with_name("abcjs.js")
_RESOLVE = "try { process.stdout.write(require.resolve('abcjs/package.json')) } catch {}"


@cache
def abcjs_folder() -> Path | None:
    """Where Node finds abcjs: near the working directory, through NODE_PATH, or among npm's global packages."""
    if shutil.which("node") is None:
        return None
    found = _output("node", "-e", _RESOLVE)
    if not found and shutil.which("npm"):
        found = _output("node", "-e", _RESOLVE, NODE_PATH=_output("npm", "root", "-g"))
    return Path(found).parent if found else None


def _output(*command: str, **variables: str) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT, check=False, env=os.environ | variables
        )
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout.strip()


def abcjs_faults(texts: Sequence[str]) -> list[str] | None:
    """For each tune its first warning or how its bars do not add up, empty for neither; None: not installed."""
    folder = abcjs_folder()
    if folder is None:
        return None
    return _faults(texts, folder) if texts else []


def _faults(texts: Sequence[str], folder: Path) -> list[str]:
    seconds = TIMEOUT + PER_TUNE * len(texts)
    try:
        done = subprocess.run(
            ["node", str(_SCRIPT), str(folder)],
            input=json.dumps(list(texts)).encode(),
            capture_output=True,
            timeout=seconds,
            check=True,
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        if len(texts) == 1:
            return ["stopped or took too long"]
        half = len(texts) // 2
        return _faults(texts[:half], folder) + _faults(texts[half:], folder)
    return [_fault(read) for read in json.loads(done.stdout)]


def _fault(read: dict[str, Any]) -> str:
    if read["warnings"]:
        return _PLACE.sub("", str(read["warnings"][0]))
    beats, unit = read["metre"]
    bars = tuple(
        Bar((Note(None, Fraction(length).limit_denominator(960)),), opens, closes, ending, double)
        for length, opens, closes, ending, double in read["bars"]
    )
    tune = Tune("", Key(0, 0, ""), Metre(beats, unit), bars)
    return uneven_bars([bar.length for bar in tune.played()], tune.metre.length)
