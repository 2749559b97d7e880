"""ABC text -> the tune as it is shown: with chord symbols and its tempo."""

from dataclasses import replace

from bot.core.rendering import Playing
from bot.render.printable import printable
from model.harmony.harmonizer import harmonize
from model.music.abc_reader import parse
from model.music.rhythm import usual
from model.music.tune import Tune

_AS_USUAL = Playing()


def read(abc: str, playing: Playing = _AS_USUAL) -> Tune:
    """The tune in `abc` with chord symbols, where it has notes to set them to, and with the tempo that is asked for.

    Its own chords are kept. Raises InputError.
    """
    tune = parse(abc)
    tune = replace(tune, title=printable(tune.title), rhythm=printable(tune.rhythm))
    if playing.tempo is not None:
        tune = replace(tune, tempo=(usual(tune.rhythm, tune.metre).beat, playing.tempo))
    return harmonize(tune) if tune.pitches else tune
