"""Real tunes with faults made by chance. FUZZ=10000 makes that many; the suite makes a few hundred."""

import gc
import os
import random
import time
from functools import partial
from pathlib import Path

import pytest

from model.music.abc_file import TuneText, tune_texts
from model.music.abc_reader import parse
from model.music.abc_writer import write
from model.music.parts import parts_of
from tests.model.music.note_count import count_notes
from tests.model.music.reading import notes, told

COUNT = int(os.environ.get("FUZZ", "300"))
SECONDS = 0.05  # of the processor's time, for a tune of at most LONGEST characters
LONGEST = 3_000
UNCOUNTED = {"text", "text block", "continued line", "music behind an empty line", "reserved character"}
_LINES = ("", "M:3/4", "K:D mix clef=bass octave=-1", "X:2", "w: la la", "%%begintext", "%%endtext", "[K:G]")
_SYMBOLS = """
    !trill! !D.C.! ! { } {ga} (3 (5:4:5 ( ) [CEG] [ ] +CEG+ - > < |: :| :: |1 :|2 [1 |] || [|] Z4 z x2 y & ^ __ = / // 3
    "Am" " \\ % ~ H Q dolce é [K:G] [M:6/8] [L:1/16]
"""
PIECES = (*_SYMBOLS.split(), *(f"\n{line}\n" for line in _LINES), "!To Coda!", "and so on", "\f", "\x85")
CHARACTERS = "ABCDEFGabcdefgzxyZ|:[](){}<>^_=-,'/0123456789 \n\"!+%\\.~HLMKTw&*"


def mutated(text: str, chance: random.Random) -> str:
    """`text` with one to three faults."""
    for _ in range(chance.randint(1, 3)):
        place = chance.randrange(len(text) + 1)
        kind = chance.randrange(6)
        if kind == 0:
            text = text[:place] + text[place + chance.randint(1, 8) :]
        elif kind == 1:
            text = text[:place] + chance.choice(CHARACTERS) + text[place:]
        elif kind == 2:
            text = text[:place] + chance.choice(CHARACTERS) + text[place + 1 :]
        elif kind == 3:
            text = text[:place] + chance.choice(PIECES) + text[place:]
        else:
            lines = text.split("\n")
            here, there = chance.randrange(len(lines)), chance.randrange(len(lines))
            lines[here : here + (kind == 4)] = [lines[there]]
            text = "\n".join(lines)
    return text


def read(text: str) -> None:
    """Read, check and write all tunes in `text`, as a command does; a refusal is one short line."""
    for found in tune_texts(text):
        refusal = told(partial(read_one, found))
        assert "\n" not in refusal
        assert len(refusal) < 300


def read_one(found: TuneText) -> None:
    tune = parse(found)
    assert notes(parse(write(tune))) == notes(tune)
    check_count(found, tune.dropped, sum(1 for _ in tune.notes))
    parts_of(tune, lambda _: None)


def check_count(found: TuneText, dropped: dict[str, int], count: int) -> None:
    if not UNCOUNTED & dropped.keys() and "\nK:" in found.text:
        assert count == count_notes(found.text), found.text


@pytest.fixture(scope="module")
def real(book: Path) -> list[str]:
    texts = [found.text for found in tune_texts(book.read_text(encoding="utf-8"))]
    return [text for text in texts if len(text) < LONGEST]


def test_the_independent_count_is_right_about_real_tunes(real: list[str]) -> None:
    for text in real[::5]:
        read(text)


def test_tunes_with_faults_are_read_or_refused_soon_and_no_note_is_lost(real: list[str]) -> None:
    chance = random.Random(0)
    gc.collect()
    gc.disable()
    try:
        slowest = max(seconds(mutated(chance.choice(real), chance)) for _ in range(COUNT))
    finally:
        gc.enable()
    assert slowest < SECONDS


def seconds(text: str) -> float:
    """What it takes to read the tunes in a text, which is then checked."""
    started = time.process_time()
    for found in tune_texts(text):
        told(partial(parse, found))
    taken = time.process_time() - started
    read(text)
    return taken
