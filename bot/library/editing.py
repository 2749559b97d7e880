"""Editing: ABC that a member writes is read, engraved, transposed, and stored as a version of a tune."""

from dataclasses import dataclass, replace

from bot import render
from bot.core.errors import BadRequest
from bot.core.values import NewTune, Place, StoredTune
from bot.library.library import Library
from bot.store import Store
from model.errors import InputError
from model.music.abc_reader import parse
from model.music.abc_writer import write
from model.music.key import Key
from model.music.rhythm import named
from model.music.tune import Tune, transpose

LONGEST_ABC = 10_000  # characters
LONGEST_TITLE = 120
MOST_BARS = 400


@dataclass(frozen=True)
class Draft:
    """Text as a member left it: its notation, and in another key as ABC where that was asked for."""

    svg: bytes
    abc: str


@dataclass(frozen=True)
class Editor:
    """Reads what members write."""

    store: Store
    library: Library
    renderer: render.Renders

    async def draft(self, abc: str, key: str = "", narrow: bool = False) -> Draft:
        """The notation of a text, in another key of its mode where one is named. BadRequest, RenderError."""
        tune = _read(abc)
        if key and str(tune.key) != key:
            tune = transpose(tune, Key.parse(key))
            abc = write(tune)
        return Draft((await self.renderer.score(abc, narrow))["svg"], abc)

    async def save(self, tune_id: int, place: Place, abc: str) -> StoredTune:
        """Store a text as the member's version of a tune. NotFound, and as `draft`."""
        origin = await self.library.tune_here(tune_id, place)
        tune = _read(abc)
        if not tune.pitches:
            raise BadRequest("there are no notes in it")
        title = " ".join(tune.title.split()) or origin.title
        if len(title) > LONGEST_TITLE:
            raise BadRequest(f"the title has {len(title)} characters: at most {LONGEST_TITLE} fit")
        await self.renderer.score(abc)  # what cannot be drawn is not kept
        new = NewTune(0, origin.prompt.seed, title, abc.strip() + "\n")
        prompt = replace(origin.prompt, key=tune.key, rhythm=_rhythm(tune, origin.prompt.rhythm))
        return await self.store.tunes.add_edit(await self.library.place(place), origin, prompt, new)


def _read(abc: str) -> Tune:
    if len(abc) > LONGEST_ABC:
        raise BadRequest(f"the text has {len(abc)} characters: at most {LONGEST_ABC} are read")
    tune = parse(abc)
    if len(tune.bars) > MOST_BARS:
        raise BadRequest(f"the tune has {len(tune.bars)} bars: at most {MOST_BARS} can be drawn")
    return tune


def _rhythm(tune: Tune, usual: str) -> str:
    """The name of its dance; the one of the tune that it was where its own is none of ours."""
    try:
        return named(tune.rhythm).name
    except InputError:
        return usual
