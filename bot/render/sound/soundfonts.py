"""The soundfonts that there are: one that the settings name or that was fetched, and the one in a wheel."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from bot.core.errors import RenderError
from bot.render.sound.sampler import Sampler
from bot.render.sound.soundfont import SoundFont


@cache
def sampler(chosen: str = "") -> Sampler:
    """Plays the soundfont in the file `chosen`, and what it lacks, or all where none is, with the built-in one.

    Raises RenderError where the file is missing or no soundfont.
    """
    return Sampler([*([SoundFont(Path(chosen))] if chosen else []), SoundFont(_built_in())])


def _built_in() -> Path:
    """TimGM6mb, which lies in the wheel of pretty_midi under GPL-2; the wheel's code need not be imported for it."""
    found = find_spec("pretty_midi")
    if found is None or found.origin is None:
        raise RenderError("pretty_midi, whose soundfont the tunes are played with, is not installed")
    return Path(found.origin).parent / "TimGM6mb.sf2"
