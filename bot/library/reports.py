"""Reports of tunes and titles to the admins of a server, and what admins do about them."""

from dataclasses import dataclass

from bot.core.errors import BadRequest, NotFound
from bot.core.values import Place, Record, StoredTune
from bot.library.blocking import retitled
from bot.library.library import Library
from bot.store import Store
from model.prompt import plain_title

LONGEST_REASON = 200  # characters
SUBJECTS = {"tune": "the tune", "title": "its title"}
ACTIONS = {  # what admins can do about a tune -> the label of its button
    "remove": "Remove the tune",
    "like": "Remove it, and none like it again",
    "title": "Take its title away, for good",
    "allow": "Allow its like and its title again",
}


@dataclass(frozen=True)
class Reports:
    """Members report; admins remove a tune, remove it with all that are like it, or take a title away.

    Whether the member of a place is an admin of its server is the caller's to check.
    """

    store: Store
    library: Library

    async def report(self, place: Place, tune_id: int, subject: str, reason: str = "") -> tuple[StoredTune, bool]:
        """Record a report of a tune of this server; False where that was reported before.

        BadRequest for a subject that is none of SUBJECTS, or a reason that is too long; as `Library.tune_here`.
        """
        if subject not in SUBJECTS:
            raise BadRequest(f"what is to be reported? Say one of {', '.join(SUBJECTS)}")
        if len(reason) > LONGEST_REASON:
            raise BadRequest(f"that reason has {len(reason)} characters: at most {LONGEST_REASON} fit")
        tune = await self.library.tune_here(tune_id, place)
        return tune, await self.store.audit.add_report(place, f"{SUBJECTS[subject]} of tune {tune.id}", reason)

    async def recent(self, place: Place) -> list[Record]:
        """The last reports on a place's server, the newest first, and what its admins did about them."""
        return await self.store.audit.latest_reports(place)

    async def moderate(self, place: Place, tune_id: int, action: str) -> str:
        """Do one of ACTIONS about a tune of this server, and record it; what was done. BadRequest, NotFound."""
        actions = {"remove": self._remove, "like": self._remove_like, "title": self._retitle, "allow": self._allow}
        if action not in actions:
            raise BadRequest(f"what is to be done about it? Say one of {', '.join(ACTIONS)}")
        done = await actions[action](place, tune_id)
        await self.store.audit.add(place, "moderate", done)
        return done

    async def _remove(self, place: Place, tune_id: int) -> str:
        tune = await self.library.tune_here(tune_id, place)
        await self.library.delete(tune_id, place, admin=True)
        return f"tune {tune.id}, {tune.title}, was removed"

    async def _remove_like(self, place: Place, tune_id: int) -> str:
        tune = await self.library.tune_here(tune_id, place)
        await self.store.blocked.add_tune(tune)
        return f"{await self._remove(place, tune_id)}, and none like it is given again here"

    async def _retitle(self, place: Place, tune_id: int) -> str:
        tune = await self.library.tune_here(tune_id, place)
        title = plain_title(tune.prompt.rhythm, tune.prompt.seed)
        if title == tune.title:
            raise BadRequest("that title is plain already")
        await self.store.blocked.add_title(tune, title, retitled(tune.abc, title))
        self.library.forget(tune.id)
        return f"tune {tune.id}, {tune.title}, is {title} now, and its title is not given again here"

    async def _allow(self, place: Place, tune_id: int) -> str:
        _, server_id = await self.store.members.register(place)
        if not await self.store.blocked.remove(server_id, tune_id):
            raise NotFound(f"nothing of tune {tune_id} is blocked on this server")
        return f"the like and the title of tune {tune_id} may be given again here"
