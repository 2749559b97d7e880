"""What the page asks of the rest of the bot. `bot.composer` and `bot.library` are what it gets."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from bot.values import Place, Progress, StoredPrompt, StoredTune, Votes
from model.jobs import Prompt


class Composer(Protocol):
    """Queues prompts and tells how they get on."""

    async def compose(self, place: Place, prompt: Prompt, count: int = 1, varied_from: int | None = None) -> Progress:
        """Queue `prompt`, which varies a tune or none. Raises Busy when the member has to wait."""
        ...

    async def vary(self, place: Place, tune_id: int, how: str) -> Progress:
        """Queue a variation of a tune, `how` being one of VARIATIONS. Raises NotFound, BadRequest or Busy."""
        ...

    async def cancel(self, prompt_id: int, place: Place) -> None:
        """Take a prompt back. Raises NotFound, or NotAllowed when it is someone else's."""
        ...

    def changes(self) -> AsyncIterator[Progress]:
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
