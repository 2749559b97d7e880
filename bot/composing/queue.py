"""The queue: servers take turns, and so do the members of a server, so that a flood delays only its sender."""

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
    throughput: Throughput = field(default_factory=Throughput)
    _servers: OrderedDict[int, _Server] = field(default_factory=OrderedDict)  # the first is next
    _owners: dict[int, tuple[int, int]] = field(default_factory=dict)  # prompt id -> server and member

    def check(self, member_id: int, server_id: int, share: int | None = None, own: int | None = None) -> None:
        """Raises Busy, with an estimate of when there is room, if this member cannot queue another prompt now.

        A server's own limits count where they are lower: `share` prompts of this server, and `own` of this member.
        """
        server = self._servers.get(server_id, _Server())
        mine = server.get(member_id, _Mine())
        here = sum(map(len, server.values()))
        if len(mine) >= min(self.per_member, own or self.per_member):
            ahead = next(n for n, prompt in enumerate(self.waiting()) if prompt.id in mine)
            waiting = "one prompt" if len(mine) == 1 else f"{len(mine)} prompts"
            raise Busy(f"you have {waiting} waiting already", *self.throughput.estimate(ahead))
        if len(self._owners) >= self.limit:
            raise _full(len(self._owners), "", self.throughput)
        shares = [most for most in (self.per_server, share) if most is not None]
        if shares and here >= min(shares):
            raise _full(here, " here", self.throughput)

    def add(self, prompt: StoredPrompt) -> None:
        """Queue a prompt behind its member's others; a new member, or server, waits for a turn of each other one."""
        server = self._servers.setdefault(prompt.server_id, OrderedDict())
        server.setdefault(prompt.member_id, OrderedDict())[prompt.id] = prompt
        self._owners[prompt.id] = (prompt.server_id, prompt.member_id)

    def first(self) -> StoredPrompt | None:
        """The next prompt, which stays in the queue; None where that is empty."""
        for server in self._servers.values():
            for mine in server.values():
                return next(iter(mine.values()))
        return None

    def take(self) -> StoredPrompt | None:
        """The next prompt, which leaves the queue; None where that is empty."""
        prompt = self.first()
        if prompt is None:
            return None
        self._servers[prompt.server_id].move_to_end(prompt.member_id)  # whose turn it was is last now
        self._servers.move_to_end(prompt.server_id)
        self.remove(prompt.id)
        return prompt

    def remove(self, prompt_id: int) -> bool:
        """Whether the prompt was in the queue, which it leaves."""
        owner = self._owners.pop(prompt_id, None)
        if owner is None:
            return False
        server_id, member_id = owner
        server = self._servers[server_id]
        del server[member_id][prompt_id]
        if not server[member_id]:
            del server[member_id]
        if not server:
            del self._servers[server_id]
        return True

    def waiting(self) -> Iterator[StoredPrompt]:
        """The prompts in the order in which they will be taken, as they are at this call."""
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
        return len(self._owners)

    def __contains__(self, prompt_id: int) -> bool:
        return prompt_id in self._owners


def _full(count: int, where: str, throughput: Throughput) -> Busy:
    # half of them: by then there is room again, and not for one alone
    waiting = "one prompt is" if count == 1 else f"{count} prompts are"
    return Busy(f"{waiting} waiting{where}, and I can promise no more", *throughput.estimate(count // 2 - 1))
