"""Which prompt is next: first come, first served, bounded, and each member may hold so many places."""

from collections import OrderedDict
from dataclasses import dataclass, field

from bot.errors import Busy
from bot.values import StoredPrompt


@dataclass
class PromptQueue:
    """The prompts that wait. `limit` of all members together, `per_member` of one."""

    limit: int
    per_member: int
    _waiting: OrderedDict[int, StoredPrompt] = field(default_factory=OrderedDict)

    def check(self, member_id: int) -> None:
        """Raises Busy when this member cannot queue another prompt now."""
        mine = sum(prompt.member_id == member_id for prompt in self._waiting.values())
        if mine >= self.per_member:
            raise Busy(f"you have {mine} prompts waiting already: one of them has to be done first")
        if len(self._waiting) >= self.limit:
            raise Busy(
                f"{len(self._waiting)} prompts are waiting, more than I can promise: please try again in a minute"
            )

    def add(self, prompt: StoredPrompt) -> None:
        self._waiting[prompt.id] = prompt

    def take(self) -> StoredPrompt | None:
        """The next prompt, which leaves the queue; None when nobody waits."""
        return self._waiting.popitem(last=False)[1] if self._waiting else None

    def remove(self, prompt_id: int) -> bool:
        return self._waiting.pop(prompt_id, None) is not None

    def waiting(self) -> list[StoredPrompt]:
        """In order."""
        return list(self._waiting.values())
