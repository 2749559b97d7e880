"""What the page asks of the rest of the bot. `bot.composing.composer` and `bot.library.library` are what it gets."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from bot.core.retraining import Retraining, VersionStats
from bot.core.values import Place, Progress, StoredPrompt, StoredTune, Version, Votes
from bot.retraining.retrainer import Status
from model.prompt import Prompt


class Composer(Protocol):
    """Queues prompts and tells how they get on."""

    async def compose(self, place: Place, prompt: Prompt, count: int = 1, varied_from: int | None = None) -> Progress:
        """Queue `prompt`, which varies a tune or none. Raises Busy when the member has to wait."""
        ...

    async def vary(self, place: Place, tune: StoredTune, how: str) -> Progress:
        """Queue a variation of a tune, `how` being one of VARIATIONS. Raises BadRequest or Busy."""
        ...

    async def again(self, place: Place, tune: StoredTune) -> Progress:
        """Queue a tune's settings with a new seed. Raises Busy."""
        ...

    async def cancel(self, prompt_id: int, place: Place) -> None:
        """Take a prompt back. Raises NotFound, or NotAllowed when it is someone else's."""
        ...

    def subscribe(self) -> AsyncIterator[Progress]:
        """Every change of every prompt, from now on."""
        ...


class Library(Protocol):
    """The tunes that were composed, and their votes."""

    async def place(self, place: Place) -> tuple[int, int]:
        """(member_id, server_id) of `place`, created when it is new."""
        ...

    async def tune(self, tune_id: int, member_id: int = 0) -> StoredTune:
        """One tune, with the vote of `member_id`. Raises NotFound."""
        ...

    async def vote(self, tune_id: int, member_id: int, value: int) -> Votes:
        """Vote 1 or -1, or withdraw with 0; the votes as they now are. Raises NotFound."""
        ...

    async def history(
        self, server_id: int, member_id: int, before: int | None = None, limit: int = 20
    ) -> Sequence[tuple[StoredPrompt, Sequence[StoredTune]]]:
        """The newest prompts of a server older than prompt `before`, oldest first."""
        ...

    async def media(self, tune_id: int, kind: str) -> bytes:
        """A tune as `png`, `mid`, `mp3` or `abc`. Raises NotFound or RenderError."""
        ...

    def file_name(self, tune: StoredTune, kind: str) -> str:
        """What a download of `tune` is called."""
        ...


class Retrainer(Protocol):
    """Learns from votes. `bot.retraining.retrainer` is what the page gets, where it is this machine's own."""

    async def start(self, place: Place, minimum_votes: int | None = None, dry_run: bool = False) -> Retraining:
        """Begin a retraining. Raises BadRequest where there are too few votes, Busy where one is under way."""
        ...

    async def cancel(self, place: Place) -> Retraining:
        """Cancel what is under way. Raises NotFound."""
        ...

    async def rollback(self, place: Place, number: int) -> Version:
        """Use another version. Raises NotFound or BadRequest."""
        ...

    async def status(self) -> Status:
        """What is in use and under way."""
        ...

    async def versions(self) -> Sequence[VersionStats]:
        """Every version, the newest first."""
        ...

    async def retraining(self, number: int) -> Retraining:
        """One of them. Raises NotFound."""
        ...

    async def curve(self, retraining: Retraining) -> bytes | None:
        """Its losses as PNG; None while there is nothing to draw. Raises RenderError."""
        ...

    def subscribe(self) -> AsyncIterator[Retraining]:
        """Every change of every retraining here, from now on."""
        ...
