"""Rate limits: cooldowns of a member and of a server, which begin with each accepted prompt, and queue limits."""

import math
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.composing.queue import PromptQueue
from bot.core.errors import Busy
from bot.core.values import Place, ServerSettings
from bot.library.server_settings import Settings

PRUNE_AT = 1000  # cooldowns from which on those that have ended are dropped


@dataclass(frozen=True)
class Rules:
    """The limits for one prompt. Cooldowns are in seconds; None is the queue's own limit."""

    anywhere: float = 0.0  # cooldown of its member on all servers
    together: float = 0.0  # of its server's members together
    here: float = 0.0  # of its member on this server
    waiting: int | None = None  # prompts of this server that may wait
    member_waiting: int | None = None  # prompts of its member that may wait


@dataclass
class Limits:
    """Cooldowns, in seconds: those of the configuration, and those that a server's settings add.

    They are kept in memory, so a restart ends them. `clock` gives seconds that never go back.
    """

    settings: Settings | None = None
    member_cooldown: float = 0.0
    server_cooldown: float = 0.0
    clock: Callable[[], float] = time.monotonic
    local: Collection[str] = ("web", "cli")  # platforms that only users of this machine reach: no limits there
    _ends: dict[tuple[int, int], float] = field(default_factory=dict)  # of (member_id, server_id); 0 is any
    _prune_at: int = PRUNE_AT

    async def check(self, queue: PromptQueue, place: Place, member_id: int, server_id: int) -> Rules:
        """The rules for a prompt from a place. Raises Busy, which says when to ask again, where one forbids it now."""
        rules = await self._rules(place)
        mine, here = max(self._left(member_id, 0), self._left(member_id, server_id)), self._left(0, server_id)
        if mine >= here and mine > 0:
            raise _busy("you asked a moment ago", mine)
        if here > 0:
            raise _busy("someone here asked a moment ago", here)
        queue.check(member_id, server_id, rules.waiting, rules.member_waiting)
        return rules

    def begin_cooldowns(self, member_id: int, server_id: int, rules: Rules) -> None:
        """Begin the cooldowns of a prompt that was accepted."""
        self._prune()
        self._begin(member_id, 0, rules.anywhere)
        self._begin(member_id, server_id, rules.here)
        self._begin(0, server_id, rules.together)

    async def _rules(self, place: Place) -> Rules:
        if place.platform in self.local:
            return Rules()
        settings = await self.settings.of(place) if self.settings else ServerSettings()
        together = max(self.server_cooldown, settings.server_cooldown or 0.0)
        return Rules(
            anywhere=self.member_cooldown,
            together=together,
            here=settings.cooldown or 0.0,
            waiting=settings.waiting,
            member_waiting=settings.member_waiting,
        )

    def _left(self, member_id: int, server_id: int) -> float:
        return max(0.0, self._ends.get((member_id, server_id), 0.0) - self.clock())

    def _begin(self, member_id: int, server_id: int, seconds: float) -> None:
        if seconds > 0:
            self._ends[member_id, server_id] = self.clock() + seconds

    def _prune(self) -> None:
        """Drop cooldowns that have ended; only now and then, so that a prompt costs little."""
        if len(self._ends) >= self._prune_at:
            now = self.clock()
            self._ends = {key: end for key, end in self._ends.items() if end > now}
            self._prune_at = max(PRUNE_AT, 2 * len(self._ends))


def _busy(reason: str, seconds: float) -> Busy:
    whole = math.ceil(seconds)  # never too early
    when = (
        "in a second" if whole == 1 else f"in {whole} seconds" if whole < 120 else f"in {math.ceil(whole / 60)} minutes"
    )
    return Busy(reason, when, datetime.now(UTC) + timedelta(seconds=whole))
