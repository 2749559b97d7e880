"""A composer and a library in memory, with the protocols of `bot.web.ports`; a test advances the prompts."""

import asyncio
import io
import math
import struct
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache

import lameenc
from PIL import Image, ImageDraw

from bot.core.errors import BadRequest, NotAllowed, NotFound
from bot.core.rendering import Playing
from bot.core.search import Search
from bot.core.values import Leader, Period, Place, Progress, State, StoredPrompt, StoredTune, Votes
from bot.library.library import Relations
from bot.render.score import score
from model.music.abc_reader import parse
from model.prompt import VARIATIONS, Prompt
from model.worker.protocol import Known

MALIN = Known("The Boys of Malin", "ryansMammoth", 0.41)
TITLES = ("The Silver Heron", "Biddy’s Lantern", "The Road to Kilmaine", "Away with the Tide")
ABC = "X:1\nT:The Silver Heron\nR:reel\nM:C|\nL:1/8\nK:Edor\n|:EBBA B2EB|B2AB dBAG|FDAD BDAD|FDAD dAFD:|\n"


@dataclass
class FakeStore:
    """Prompts, tunes and votes that the fakes share."""

    members: dict[str, int] = field(default_factory=dict)
    servers: dict[str, int] = field(default_factory=dict)
    prompts: dict[int, StoredPrompt] = field(default_factory=dict)
    tunes: dict[int, StoredTune] = field(default_factory=dict)
    votes: dict[tuple[int, int], int] = field(default_factory=dict)
    nearest: Known | None = MALIN  # of tunes to come
    drawn_temperature: float | None = None

    def ids(self, place: Place) -> tuple[int, int]:
        member = self.members.setdefault(f"{place.platform}:{place.member}", len(self.members) + 1)
        server = self.servers.setdefault(f"{place.platform}:{place.server}", len(self.servers) + 1)
        return member, server

    def votes_of(self, tune_id: int, member_id: int) -> Votes:
        values = {member: value for (tune, member), value in self.votes.items() if tune == tune_id}
        return Votes(
            up=sum(value == 1 for value in values.values()),
            down=sum(value == -1 for value in values.values()),
            mine=values.get(member_id, 0),
        )

    def tunes_of(self, prompt_id: int, member_id: int = 0) -> tuple[StoredTune, ...]:
        return tuple(
            replace(tune, votes=self.votes_of(tune.id, member_id))
            for tune in self.tunes.values()
            if tune.prompt_id == prompt_id
        )

    def add_prompt(self, place: Place, prompt: Prompt, count: int = 1, varied_from: int | None = None) -> StoredPrompt:
        member, server = self.ids(place)
        number = len(self.prompts) + 1
        now = datetime.now(UTC)
        stored = StoredPrompt(
            number,
            member,
            place.member_name,
            server,
            prompt,
            count,
            State.QUEUED,
            version=1,
            created_at=now,
            varied_from=varied_from,
        )
        self.prompts[number] = stored
        return stored

    def finish(self, prompt_id: int) -> None:
        """Put a prompt into the state done, with its tunes."""
        stored = self.prompts[prompt_id]
        for ordinal in range(stored.count):
            number = len(self.tunes) + 1
            prompt = replace(stored.prompt, seed=stored.prompt.seed + ordinal)
            self.tunes[number] = StoredTune(
                id=number,
                prompt_id=stored.id,
                member_id=stored.member_id,
                member_name=stored.member_name,
                server_id=stored.server_id,
                prompt=prompt,
                version=1,
                title=TITLES[(number - 1) % len(TITLES)],
                abc=ABC,
                created_at=datetime.now(UTC),
                nearest=self.nearest,
                drawn_temperature=self.drawn_temperature,
                varied_from=stored.varied_from,
            )
        self.prompts[prompt_id] = replace(stored, state=State.DONE)


class FakeComposer:
    """Queues prompts, which a test moves with `advance`. `composed` are the arguments of all calls of `compose`."""

    def __init__(self, store: FakeStore) -> None:
        self.store = store
        self.refusal: Exception | None = None
        self.composed: list[tuple[Place, Prompt, int]] = []
        self._subscriptions: set[asyncio.Queue[Progress]] = set()

    async def compose(self, place: Place, prompt: Prompt, count: int = 1, varied_from: int | None = None) -> Progress:
        if self.refusal:
            raise self.refusal
        self.composed.append((place, prompt, count))
        stored = self.store.add_prompt(place, prompt, count, varied_from)
        return self.advance(stored.id, State.QUEUED, ahead=1)

    async def again(self, place: Place, tune: StoredTune) -> Progress:
        prompt = replace(tune.prompt, seed=tune.prompt.seed + 1000)
        return await self.compose(place, prompt, varied_from=tune.varied_from)

    async def vary(self, place: Place, tune: StoredTune, how: str) -> Progress:
        if how not in VARIATIONS:
            raise BadRequest("A tune is varied by parts or endings.")
        prompt = replace(tune.prompt, seed=tune.prompt.seed + 1000, opening=tune.abc, vary=how)
        return await self.compose(place, prompt, varied_from=tune.id)

    async def cancel(self, prompt_id: int, place: Place) -> None:
        prompt = self.store.prompts.get(prompt_id)
        if prompt is None:
            raise NotFound(f"There is no prompt {prompt_id}.")
        if prompt.member_id != self.store.ids(place)[0]:
            raise NotAllowed("Only the member who asked can cancel.")
        self.advance(prompt_id, State.CANCELLED)

    def subscribe(self) -> AsyncIterator[Progress]:
        queue: asyncio.Queue[Progress] = asyncio.Queue()
        self._subscriptions.add(queue)
        return self._changes(queue)

    async def _changes(self, queue: asyncio.Queue[Progress]) -> AsyncIterator[Progress]:
        try:
            while True:
                yield await queue.get()
        finally:
            self._subscriptions.discard(queue)

    def advance(self, prompt_id: int, state: State, ahead: int = 0, error: str = "") -> Progress:
        """Put a prompt into a state, and publish that."""
        if state is State.DONE:
            self.store.finish(prompt_id)
        else:
            prompt = self.store.prompts[prompt_id]
            self.store.prompts[prompt_id] = replace(prompt, state=state, error=error)
        progress = Progress(self.store.prompts[prompt_id], ahead, self.store.tunes_of(prompt_id))
        for queue in self._subscriptions:
            queue.put_nowait(progress)
        return progress


class FakeLibrary:
    """Tunes and votes of a FakeStore."""

    def __init__(self, store: FakeStore) -> None:
        self.store = store
        self.searched: list[Search] = []
        self.recorded: list[Playing] = []
        self.media = {"png": picture(), "mp3": sound(), "mid": b"MThd\0\0\0\6\0\0\0\1\0\x60", "abc": ABC.encode()}

    async def place(self, place: Place) -> tuple[int, int]:
        return self.store.ids(place)

    async def tune(self, tune_id: int, place: Place) -> StoredTune:
        return await self.tune_here(tune_id, place)

    async def tune_here(self, tune_id: int, place: Place) -> StoredTune:
        member_id, server_id = await self.place(place)
        if tune_id not in self.store.tunes or self.store.tunes[tune_id].server_id != server_id:
            raise NotFound(f"There is no tune {tune_id}.")
        return replace(self.store.tunes[tune_id], votes=self.store.votes_of(tune_id, member_id))

    async def top(self, place: Place, period: Period = Period.ALL, rhythm: str | None = None) -> list[Leader]:
        counted = [Leader(tune, *self._counts(tune)) for tune in self.store.tunes.values()]
        return sorted((each for each in counted if each.up), key=lambda each: -each.up)

    def _counts(self, tune: StoredTune) -> tuple[int, int]:
        votes = self.store.votes_of(tune.id, 0)
        return votes.up, votes.down

    async def search(self, place: Place, wanted: Search, page: int = 1) -> tuple[list[StoredTune], bool]:
        """By titles and keys alone, two to a page; `searched` has what was asked for."""
        self.searched.append(wanted)
        member, server = self.store.ids(place)
        found = [
            tune
            for tune in reversed(self.store.tunes.values())
            if wanted.title.lower() in tune.title.lower()
            and wanted.key in ("", str(tune.prompt.key))
            and tune.server_id == server
            and (not wanted.mine or tune.member_id == member)
            and (not wanted.favourites or self.store.votes.get((tune.id, member)) == 1)
        ]
        return found[2 * page - 2 : 2 * page], len(found) > 2 * page

    async def relations(self, tune: StoredTune, place: Place) -> Relations:
        return Relations(
            varies=self.store.tunes.get(tune.varied_from or 0),
            varied_by=tuple(one for one in self.store.tunes.values() if one.varied_from == tune.id),
        )

    async def delete(self, tune_id: int, place: Place, admin: bool = False) -> StoredTune:
        tune = await self.tune(tune_id, place)
        if tune.member_id != self.store.ids(place)[0]:
            raise NotAllowed("only the member who had it composed can delete a tune")
        return self.store.tunes.pop(tune_id)

    async def vote(self, tune_id: int, place: Place, value: int) -> Votes:
        await self.tune_here(tune_id, place)
        member_id, _ = await self.place(place)
        self.store.votes[tune_id, member_id] = value
        return self.store.votes_of(tune_id, member_id)

    async def history(
        self, server_id: int, member_id: int, before: int | None = None, limit: int = 20
    ) -> Sequence[tuple[StoredPrompt, Sequence[StoredTune]]]:
        prompts = [
            prompt
            for prompt in self.store.prompts.values()
            if prompt.server_id == server_id and (before is None or prompt.id < before)
        ]
        return [(prompt, self.store.tunes_of(prompt.id, member_id)) for prompt in prompts[-limit:]]

    async def files(self, tune: StoredTune, kinds: Collection[str]) -> dict[str, bytes]:
        return {kind: self.media[kind] for kind in kinds}

    async def score(self, tune: StoredTune, narrow: bool = False) -> dict[str, bytes]:
        return notation(narrow)

    async def recording(self, tune: StoredTune, playing: Playing) -> bytes:
        self.recorded.append(playing)
        return self.media["mp3"]

    def file_name(self, tune: StoredTune, kind: str) -> str:
        return f"{tune.title}.{kind}"


@cache
def notation(narrow: bool = False) -> dict[str, bytes]:
    """The score of ABC."""
    return score(parse(ABC), narrow)


@cache
def picture() -> bytes:
    """A PNG that could be sheet music."""
    image = Image.new("L", (1400, 620), 255)
    draw = ImageDraw.Draw(image)
    for system in range(4):
        top = 60 + system * 140
        for line in range(5):
            draw.line((60, top + line * 14, 1340, top + line * 14), fill=90, width=2)
        for bar in range(5):
            draw.line((60 + bar * 320, top, 60 + bar * 320, top + 56), fill=60, width=3)
        for note in range(32):
            x, y = 84 + note * 39, top + 56 - (note * (system + 3) * 5) % 63
            draw.ellipse((x, y - 6, x + 17, y + 6), fill=0)
            draw.line((x + 16, y, x + 16, y - 42), fill=0, width=3)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


@cache
def sound(seconds: int = 2) -> bytes:
    """An MP3 of a plain tone."""
    rate = 22050
    samples = [int(9000 * math.sin(math.tau * 440 * at / rate)) for at in range(seconds * rate)]
    encoder = lameenc.Encoder()
    encoder.set_bit_rate(64)
    encoder.set_in_sample_rate(rate)
    encoder.set_channels(1)
    encoder.set_quality(7)
    encoder.silence()
    return bytes(encoder.encode(struct.pack(f"<{len(samples)}h", *samples)) + encoder.flush())
