"""What the loopback Discord refuses, as Discord documents it: lengths, second responses, archived threads."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

LARGEST_UPLOAD = 10_485_760  # bytes of all files of a request, where a server has no boosts
OLD_EDITS = 3  # of one message older than an hour, within an hour
_EMBED = {"title": 256, "description": 4096}


@dataclass
class Strictness:
    """`archived` are channels that are archived threads, `old` are messages older than an hour."""

    archived: set[str] = field(default_factory=set)
    old: set[str] = field(default_factory=set)
    largest: int = LARGEST_UPLOAD
    _responded: set[str] = field(default_factory=set)  # interaction tokens
    _edits: Counter[str] = field(default_factory=Counter)  # of old messages

    def of_body(self, body: Any, files: dict[str, int]) -> tuple[int, int, str] | None:
        """(status, code, message) for what no route takes; None for a body that Discord accepts."""
        if sum(files.values()) > self.largest:
            return 413, 40005, "Request entity too large"
        message = body.get("data", body) if isinstance(body, dict) else None
        if isinstance(message, dict) and any(_too_long(message)):
            return 400, 50035, "Invalid Form Body"
        return None

    def of_response(self, token: str) -> tuple[int, int, str] | None:
        """For the first response to an interaction, which is the only one."""
        if token in self._responded:
            return 400, 40060, "Interaction has already been acknowledged."
        self._responded.add(token)
        return None

    def of_channel(self, channel: str, writes: str) -> tuple[int, int, str] | None:
        """For an edit or a response, `writes`, in an archived thread; a new message opens it again."""
        if channel not in self.archived:
            return None
        if writes == "message":
            self.archived.discard(channel)
            return None
        return 400, 50083, "Thread is archived"

    def of_edit(self, message_id: str) -> tuple[int, int, str] | None:
        """For an edit of a message by its channel's route."""
        if message_id not in self.old:
            return None
        self._edits[message_id] += 1
        if self._edits[message_id] <= OLD_EDITS:
            return None
        return 400, 30046, "Maximum number of edits to messages older than 1 hour reached. Try again later."


def _too_long(message: dict[str, Any]) -> list[bool]:
    embeds = message.get("embeds") or []
    fields = [each for embed in embeds for each in embed.get("fields") or []]
    buttons = [item for row in message.get("components") or [] for item in row.get("components") or []]
    return [
        len(message.get("content") or "") > 2000,
        len(embeds) > 10,
        *(len(embed.get(name) or "") > most for embed in embeds for name, most in _EMBED.items()),
        *(len((embed.get("footer") or {}).get("text") or "") > 2048 for embed in embeds),
        *(len(each["name"]) > 256 or len(each["value"]) > 1024 for each in fields),
        *(len(button.get("label") or "") > 80 for button in buttons),
        *(len(option["label"]) > 100 for button in buttons for option in button.get("options") or []),
    ]
