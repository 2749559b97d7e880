"""What a tune sounds like, repeats played: as ours is meant, and as other readers of ABC play its text.

Each function gives a list of (onset in whole notes, MIDI note) for each tune; None where the program is not installed.
"""

import json
import shutil
import subprocess
import warnings
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

from model.evaluation.readers.abcjs import abcjs_folder
from model.music.tune import Tune

Heard = list[tuple[Fraction, int]]
GRID = 960  # of a whole note: programs count in floats and ticks


def meant(tune: Tune) -> Heard:
    """The notes of `tune` in the order they sound, tied ones as one."""
    found: Heard = []
    onset = Fraction(0)
    tied = None
    for bar in tune.played():
        for note in bar.notes:
            midi = note.pitch.midi if note.pitch else None
            if midi is not None and midi != tied:
                found.append((onset, midi))
            tied = midi if note.tied else None
            onset += note.length
    return found


def by_abc2midi(texts: Sequence[str], folder: Path) -> list[Heard] | None:
    if shutil.which("abc2midi") is None:
        return None
    import symusic

    numbered = [f"X:{number}\n{text.partition(chr(10))[2]}" for number, text in enumerate(texts, start=1)]
    (folder / "tunes.abc").write_text("\n".join(numbered), encoding="utf-8")
    subprocess.run(["abc2midi", "tunes.abc", "-silent"], cwd=folder, capture_output=True, timeout=120, check=False)
    scores = [symusic.Score(folder / f"tunes{number}.mid") for number in range(1, len(texts) + 1)]
    return [
        _sorted((Fraction(note.time, 4 * score.tpq), note.pitch) for track in score.tracks for note in track.notes)
        for score in scores
    ]


def by_abcjs(texts: Sequence[str], folder: Path) -> list[Heard] | None:
    home = abcjs_folder()
    if home is None:
        return None
    script = ["node", str(Path(__file__).with_suffix(".js")), str(home)]
    done = subprocess.run(script, input=json.dumps(list(texts)).encode(), capture_output=True, timeout=120, check=True)
    return [_sorted((Fraction(onset), midi) for onset, midi in notes) for notes in json.loads(done.stdout)]


def by_music21(texts: Sequence[str]) -> list[Heard]:
    from music21.converter.subConverters import ConverterABC

    found = []
    for text in texts:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            converter = ConverterABC()
            converter.parseData(f"%abc-2.1\n{text}")  # without this line, accidentals hold for one note alone
            played = converter.stream.parts[0].expandRepeats().flatten().stripTies()
        found.append(_sorted((Fraction(note.offset) / 4, note.pitch.midi) for note in played.notes))
    return found


def _sorted(notes: Iterable[tuple[Fraction, int]]) -> Heard:
    return sorted((Fraction(round(onset * GRID), GRID), midi) for onset, midi in notes)
