"""How often a member, and a server, may ask. A cooldown begins with each accepted prompt."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.composing.queue import PromptQueue
from bot.core.errors import Busy
from bot.core.values import Place, ServerSettings
from bot.library.server_settings import Settings

LOCAL = ("web", "cli")  # whom this machine's owner alone can reach, and who shares with nobody
SWEEP = 1000  # cooldowns after which those that have ended are dropped


@dataclass(frozen=True)
class Rules:
    """What holds for one prompt, in seconds between two: of its member anywhere, of its server's members together, of
    its member here; and how many of this server, and of its member, may wait in the queue."""

    anywhere: float = 0.0
    together: float = 0.0
    here: float = 0.0
    waiting: int | None = None
    mine_waiting: int | None = None


@dataclass
class Limits:
    """Cooldowns, in seconds: config's of a member anywhere and of a server, and what a server adds to both.

    They are kept in memory: a restart forgives them. `clock` gives seconds that never go back.
    """

    settings: Settings | None = None
    member_cooldown: float = 0.0
    server_cooldown: float = 0.0
    clock: Callable[[], float] = time.monotonic
    _ends: dict[tuple[int, int], float] = field(default_factory=dict)  # of (member, server); 0 is any
    _full: int = SWEEP

    async def check(self, queue: PromptQueue, place: Place, member_id: int, server_id: int) -> Rules:
        """What holds for a prompt from a place. Raises Busy, which says when to ask again, if it has no room now."""
        rules = await self._rules(place)
        mine, here = max(self._left(member_id, 0), self._left(member_id, server_id)), self._left(0, server_id)
        if mine >= here and mine > 0:
            raise _busy("you asked a moment ago", mine)
        if here > 0:
            raise _busy("someone here asked a moment ago", here)
        queue.check(member_id, server_id, rules.waiting, rules.mine_waiting)
        return rules

    def note(self, member_id: int, server_id: int, rules: Rules) -> None:
        """A prompt was accepted."""
        self._forget()
        self._begin(member_id, 0, rules.anywhere)
        self._begin(member_id, server_id, rules.here)
        self._begin(0, server_id, rules.together)

    async def _rules(self, place: Place) -> Rules:
        if place.platform in LOCAL:
            return Rules()
        settings = await self.settings.of(place) if self.settings else ServerSettings()
        together = max(self.server_cooldown, settings.server_cooldown or 0.0)
        return Rules(
            self.member_cooldown, together, settings.cooldown or 0.0, settings.waiting, settings.member_waiting
        )

    def _left(self, member_id: int, server_id: int) -> float:
        return max(0.0, self._ends.get((member_id, server_id), 0.0) - self.clock())

    def _begin(self, member_id: int, server_id: int, seconds: float) -> None:
        if seconds > 0:
            self._ends[member_id, server_id] = self.clock() + seconds

    def _forget(self) -> None:
        """Drop what has ended, now and then, so that each prompt costs little."""
        if len(self._ends) >= self._full:
            now = self.clock()
            self._ends = {key: end for key, end in self._ends.items() if end > now}
            self._full = max(SWEEP, 2 * len(self._ends))


def _busy(reason: str, seconds: float) -> Busy:
    whole = math.ceil(seconds)  # never too early
    when = (
        "in a second" if whole == 1 else f"in {whole} seconds" if whole < 120 else f"in {math.ceil(whole / 60)} minutes"
    )
    return Busy(reason, when, datetime.now(UTC) + timedelta(seconds=whole))
