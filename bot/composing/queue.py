"""Which prompt is next: servers take turns, and within a server its members, so a flood delays its sender alone."""

from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.composing.throughput import Throughput
from bot.core.errors import Busy
from bot.core.values import StoredPrompt

_Mine = OrderedDict[int, StoredPrompt]  # one member's, by prompt id, in order
_Server = OrderedDict[int, _Mine]  # by member id; the first is next


@dataclass
class PromptQueue:
    """The prompts that wait: at most `limit` together, `per_server` of one server, `per_member` of one member."""

    limit: int
    per_member: int
    per_server: int | None = None
    pace: Throughput = field(default_factory=Throughput)
    _servers: OrderedDict[int, _Server] = field(default_factory=OrderedDict)  # the first is next
    _places: dict[int, tuple[int, int]] = field(default_factory=dict)  # prompt id -> server and member

    def check(self, member_id: int, server_id: int, share: int | None = None, own: int | None = None) -> None:
        """Raises Busy, with an estimate of when there is room, if this member cannot queue another prompt now.

        `share` is how many of this server may wait where that is less than `per_server`; `own`, of this member.
        """
        server = self._servers.get(server_id, _Server())
        mine = server.get(member_id, _Mine())
        here = sum(map(len, server.values()))
        if len(mine) >= min(self.per_member, own or self.per_member):
            ahead = next(n for n, prompt in enumerate(self.waiting()) if prompt.id in mine)
            waiting = "one prompt" if len(mine) == 1 else f"{len(mine)} prompts"
            raise Busy(f"you have {waiting} waiting already", *self.pace.when(ahead))
        if len(self._places) >= self.limit:
            raise _full(len(self._places), "", self.pace)
        shares = [most for most in (self.per_server, share) if most is not None]
        if shares and here >= min(shares):
            raise _full(here, " here", self.pace)

    def add(self, prompt: StoredPrompt) -> None:
        """Behind its member's other prompts; a member, or a server, that had none waits until each other had a turn."""
        server = self._servers.setdefault(prompt.server_id, OrderedDict())
        server.setdefault(prompt.member_id, OrderedDict())[prompt.id] = prompt
        self._places[prompt.id] = (prompt.server_id, prompt.member_id)

    def first(self) -> StoredPrompt | None:
        """The next prompt, which stays; None when nobody waits."""
        for server in self._servers.values():
            for mine in server.values():
                return next(iter(mine.values()))
        return None

    def take(self) -> StoredPrompt | None:
        """The next prompt, which leaves the queue; None when nobody waits."""
        prompt = self.first()
        if prompt is None:
            return None
        self._servers[prompt.server_id].move_to_end(prompt.member_id)  # whoever had a turn is last now
        self._servers.move_to_end(prompt.server_id)
        self.remove(prompt.id)
        return prompt

    def remove(self, prompt_id: int) -> bool:
        place = self._places.pop(prompt_id, None)
        if place is None:
            return False
        server_id, member_id = place
        server = self._servers[server_id]
        del server[member_id][prompt_id]
        if not server[member_id]:
            del server[member_id]
        if not server:
            del self._servers[server_id]
        return True

    def waiting(self) -> Iterator[StoredPrompt]:
        """In the order in which they will be taken. What is added or removed meanwhile does not show."""
        servers = deque(deque(deque(mine.values()) for mine in server.values()) for server in self._servers.values())
        while servers:
            members = servers.popleft()
            mine = members.popleft()
            yield mine.popleft()
            if mine:
                members.append(mine)
            if members:
                servers.append(members)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, prompt_id: int) -> bool:
        return prompt_id in self._places


def _full(count: int, where: str, pace: Throughput) -> Busy:
    # half of them: by then there is room again, and not for one alone
    waiting = "one prompt is" if count == 1 else f"{count} prompts are"
    return Busy(f"{waiting} waiting{where}, and I can promise no more", *pace.when(count // 2 - 1))
