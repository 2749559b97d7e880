"""ABC text -> the files of a tune. Chords are set to it where it has none."""

from collections.abc import Collection

from bot.core.rendering import Playing, Sheet
from bot.render.performance.perform import perform
from bot.render.performance.score import midi
from bot.render.reading import read
from bot.render.sheet import picture
from bot.render.sheet.layout import NARROW, WIDE
from bot.render.sound.recording import mp3
from bot.render.sound.sampler import Sampler
from model.music.abc_writer import write


def files(abc: str, kinds: Collection[str], sampler: Sampler, playing: Playing, sheet: Sheet) -> dict[str, bytes]:
    """The files of the tune in `abc`, by kind. Raises RenderError or InputError, whose messages are one line."""
    tune = read(abc, playing)
    made: dict[str, bytes] = {}
    if "png" in kinds:
        made["png"] = picture.png(tune, NARROW if sheet.narrow else WIDE)
    if "abc" in kinds:
        made["abc"] = write(tune).encode()
    if {"mid", "mp3"} & set(kinds):
        performance = perform(tune, playing)
        if "mid" in kinds:
            made["mid"] = midi(performance)
        if "mp3" in kinds:
            made["mp3"] = mp3(performance, sampler)
    return made
