"""abc2midi as a reader of ABC: the warnings and errors that it prints, and whether it writes a MIDI file."""

import re
import shutil
import subprocess
import tempfile
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path

TIMEOUT = 20.0  # seconds for one run, and PER_TUNE for each tune of it
PER_TUNE = 0.2
_PLACE = re.compile(r"(?:Warning|Error) in line-char (\d+)-")


def abc2midi_faults(texts: Sequence[str]) -> list[str] | None:
    """For each tune a warning or error, or that there is no MIDI file, empty for neither; None: not installed.

    One process reads many tunes. Where it breaks off, or a complaint has no line number, it is run on fewer tunes until
    the tune is found.
    """
    if shutil.which("abc2midi") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        return _faults([_numbered(text, i) for i, text in enumerate(texts, start=1)], Path(folder))


def _numbered(text: str, number: int) -> str:
    """`text` as tune `number`, in one block of lines."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("X:")]
    return "\n".join([f"X:{number}", *lines])


def _faults(texts: Sequence[str], folder: Path) -> list[str]:
    if not texts:
        return []
    lines = _output_lines(texts, folder)
    complaints = [line for line in lines or [] if line.startswith(("Warning", "Error"))]
    places = [int(place[1]) for line in complaints if (place := _PLACE.match(line))]
    if len(texts) > 1 and (lines is None or len(places) < len(complaints)):
        half = len(texts) // 2
        return _faults(texts[:half], folder) + _faults(texts[half:], folder)
    if lines is None:
        return ["stopped or took too long"]
    if len(texts) == 1:
        return [complaints[0] if complaints else _without_midi(texts[0], folder)]
    faults = [_without_midi(text, folder) for text in texts]
    starts = _first_lines(texts)
    for line, number in zip(complaints, places, strict=True):
        faults[max(0, bisect_right(starts, number) - 1)] = line
    return faults


def _first_lines(texts: Sequence[str]) -> list[int]:
    starts = [1]
    for text in texts[:-1]:
        starts.append(starts[-1] + text.count("\n") + 2)
    return starts


def _without_midi(text: str, folder: Path) -> str:
    number = text.partition("\n")[0].removeprefix("X:")
    path = folder / f"tunes{number}.mid"
    return "" if path.is_file() and path.stat().st_size else "no MIDI file"


def _output_lines(texts: Sequence[str], folder: Path) -> list[str] | None:
    """What abc2midi prints about `texts`; None if it breaks off or takes too long. Its MIDI files go into `folder`."""
    (folder / "tunes.abc").write_text("\n\n".join(texts) + "\n", encoding="utf-8")
    command = ["abc2midi", "tunes.abc", "-silent"]
    seconds = TIMEOUT + PER_TUNE * len(texts)
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return None
    if done.returncode < 0:
        return None
    return (done.stdout + done.stderr).decode(errors="replace").splitlines()
