"""ABC text -> the files of a tune. Chords that it has not are set to it."""

from collections.abc import Collection
from dataclasses import replace

from bot.core.rendering import Playing, Sheet
from bot.render.performance.perform import perform
from bot.render.performance.score import midi
from bot.render.printable import printable
from bot.render.sheet import picture
from bot.render.sheet.layout import NARROW, WIDE
from bot.render.sound.recording import mp3
from bot.render.sound.sampler import Sampler
from model.harmony.harmonizer import harmonize
from model.music.abc_reader import parse
from model.music.tune import Tune


def files(abc: str, kinds: Collection[str], sampler: Sampler, playing: Playing, sheet: Sheet) -> dict[str, bytes]:
    """The files of the tune in `abc`, by kind. Raises RenderError or InputError, whose messages are one line."""
    tune = read(abc)
    made: dict[str, bytes] = {}
    if "png" in kinds:
        made["png"] = picture.png(tune, NARROW if sheet.narrow else WIDE)
    if {"mid", "mp3"} & set(kinds):
        performance = perform(tune, playing)
        if "mid" in kinds:
            made["mid"] = midi(performance)
        if "mp3" in kinds:
            made["mp3"] = mp3(performance, sampler)
    return made


def read(abc: str) -> Tune:
    """The tune in `abc` with chord symbols, where it has notes to set them to. Raises InputError."""
    tune = parse(abc)
    tune = replace(tune, title=printable(tune.title), rhythm=printable(tune.rhythm))
    return harmonize(tune) if tune.pitches else tune
