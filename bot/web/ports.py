"""The use cases that the page needs, as protocols."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Protocol

from bot.core.rendering import Playing
from bot.core.retraining import Retraining, VersionStats
from bot.core.search import Search
from bot.core.values import (
    KnownMember,
    Leader,
    Period,
    Place,
    Progress,
    Record,
    StoredPrompt,
    StoredTune,
    Version,
    Votes,
)
from bot.library.editing import Draft
from bot.library.library import Relations
from bot.library.member_data import Forgotten
from bot.library.tunebook import Tunebook
from bot.retraining.model_status import ModelStatus, Needs
from model.prompt import Prompt


class Composer(Protocol):
    """Queues prompts and publishes their progress: `bot.composing.composer`."""

    async def compose(self, place: Place, prompt: Prompt, count: int = 1, varied_from: int | None = None) -> Progress:
        """Queue a prompt, with the id of the tune that it varies. Raises Busy when the member has to wait."""
        ...

    async def vary(self, place: Place, tune: StoredTune, how: str) -> Progress:
        """Queue a variation of a tune; `how` is one of VARIATIONS. Raises BadRequest or Busy."""
        ...

    async def again(self, place: Place, tune: StoredTune) -> Progress:
        """Queue the options of a tune with a new seed. Raises Busy."""
        ...

    async def cancel(self, prompt_id: int, place: Place) -> None:
        """Cancel a prompt. Raises NotFound, or NotAllowed when it is another member's."""
        ...

    def subscribe(self) -> AsyncIterator[Progress]:
        """All updates of all prompts from this call on."""
        ...


class Library(Protocol):
    """Tunes, votes and files: `bot.library.library`."""

    async def place(self, place: Place) -> tuple[int, int]:
        """(member_id, server_id) of a place, registered where it is new."""
        ...

    async def tune(self, tune_id: int, place: Place) -> StoredTune:
        """One tune with the member's vote, where it was made or by its composer. NotFound."""
        ...

    async def tune_here(self, tune_id: int, place: Place) -> StoredTune:
        """A tune of the page, with the member's vote. Raises NotFound, or NotAllowed for a tune made elsewhere."""
        ...

    async def top(self, place: Place, period: Period = Period.ALL, rhythm: str | None = None) -> Sequence[Leader]:
        """The best tunes by the votes cast in a period. InputError for an unknown rhythm."""
        ...

    async def search(self, place: Place, wanted: Search, page: int = 1) -> tuple[Sequence[StoredTune], bool]:
        """A page of the tunes that are as wanted, and whether there are more."""
        ...

    async def relations(self, tune: StoredTune, place: Place) -> Relations:
        """The tunes that a tune has to do with."""
        ...

    async def delete(self, tune_id: int, place: Place, admin: bool = False) -> StoredTune:
        """Delete a tune for good. NotFound or NotAllowed."""
        ...

    async def vote(self, tune_id: int, place: Place, value: int) -> Votes:
        """Vote 1 or -1, or withdraw the vote with 0; gives the new counts. Raises NotFound."""
        ...

    async def history(
        self, server_id: int, member_id: int, before: int | None = None, limit: int = 20
    ) -> Sequence[tuple[StoredPrompt, Sequence[StoredTune]]]:
        """The newest prompts of a server before prompt `before`, oldest first, each with its tunes."""
        ...

    async def files(self, tune: StoredTune, kinds: Collection[str]) -> Mapping[str, bytes]:
        """The files of these kinds of a tune: `png`, `mid`, `mp3` or `abc`. Raises RenderError."""
        ...

    async def score(self, tune: StoredTune, narrow: bool = False) -> Mapping[str, bytes]:
        """A tune's `svg`, for phones where it is `narrow`, and `times`, as bot.render.score has them. RenderError."""
        ...

    async def recording(self, tune: StoredTune, playing: Playing) -> bytes:
        """A tune as MP3, played in another way than was asked for. Raises RenderError."""
        ...

    def file_name(self, tune: StoredTune, kind: str) -> str:
        """The name of a file of a tune."""
        ...


class Editor(Protocol):
    """Reads what members write: `bot.library.editing`."""

    async def draft(self, abc: str, key: str = "", narrow: bool = False) -> Draft:
        """The notation of a text, in another key where one is named. InputError or RenderError."""
        ...

    async def save(self, tune_id: int, place: Place, abc: str) -> StoredTune:
        """Store a text as the member's version of a tune."""
        ...


class Tunebooks(Protocol):
    """Books of tunes: `bot.library.tunebook`."""

    async def of_member(self, place: Place) -> Tunebook:
        """The tunes that a member voted up. NotFound, Busy or RenderError."""
        ...


class MemberData(Protocol):
    """What is stored about members: `bot.library.member_data`."""

    async def member(self, place: Place) -> KnownMember:
        """The member of a place. Raises NotFound where nothing is stored about it."""
        ...

    async def show(self, member: KnownMember) -> list[str]:
        """What is stored, in lines."""
        ...

    async def export(self, member: KnownMember) -> bytes:
        """A ZIP of JSON and ABC."""
        ...

    async def forget(self, member: KnownMember, keep_tunes: bool) -> Forgotten:
        """Erase it, and all its tunes or only the maker of those."""
        ...


class Reports(Protocol):
    """Reports of tunes, and what admins do about them: `bot.library.reports`."""

    async def report(self, place: Place, tune_id: int, subject: str, reason: str = "") -> tuple[StoredTune, bool]:
        """Record a report; False where there is one. Raises BadRequest or NotFound."""
        ...

    async def recent(self, place: Place) -> list[Record]:
        """The last reports and what became of them, the newest first."""
        ...

    async def moderate(self, place: Place, tune_id: int, action: str) -> str:
        """Do something about a tune; what was done. Raises BadRequest or NotFound."""
        ...


class Retrainer(Protocol):
    """Retrains the model on votes: `bot.retraining.retrainer`."""

    async def start(self, place: Place, minimum_votes: int | None = None, dry_run: bool = False) -> Retraining:
        """Start a retraining. Raises BadRequest where there are too few votes, Busy where one is under way."""
        ...

    async def cancel(self, place: Place) -> Retraining:
        """Cancel the retraining that is under way. Raises NotFound."""
        ...

    async def rollback(self, place: Place, number: int) -> Version:
        """Use another version from the next prompt on. Raises NotFound or BadRequest."""
        ...

    async def status(self) -> ModelStatus:
        """The version in use, the retraining under way, and the votes to learn from."""
        ...

    async def needs(self) -> Needs:
        """What there is to learn from, and what a retraining needs."""
        ...

    async def versions(self) -> Sequence[VersionStats]:
        """All versions, the newest first."""
        ...

    async def retraining(self, number: int) -> Retraining:
        """One retraining. Raises NotFound."""
        ...

    async def curve(self, retraining: Retraining) -> bytes | None:
        """The loss curve as PNG; None while there are fewer than two points. Raises RenderError."""
        ...

    def subscribe(self) -> AsyncIterator[Retraining]:
        """All updates of all retrainings of this bot from this call on."""
        ...
