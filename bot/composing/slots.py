"""Which prompt may begin beside those in work."""

from dataclasses import dataclass

from bot.core.values import StoredPrompt

MOST_ATTEMPTS = 3  # a prompt is failed once it was in work during so many crashes of the bot


def is_suspect(stored: StoredPrompt) -> bool:
    """Whether one more crash fails the prompt: it works alone, so that no other counts that crash as its own."""
    return stored.attempts >= MOST_ATTEMPTS - 1


@dataclass
class Slots:
    """At most `at_once` prompts in work.

    Once so many run, the next ones wait until half of them have ended: a batch of a few tunes takes the worker little
    longer than one tune, and the renderers are busy with the other half meanwhile.
    """

    at_once: int
    _filling: bool = True
    _alone: bool = False  # the prompt in work is a suspect

    def has_room(self, stored: StoredPrompt, running: int) -> bool:
        """Whether a prompt may begin beside `running` others."""
        if self._alone or is_suspect(stored):
            return not running
        self._filling = running < self.at_once if self._filling else running <= self.at_once // 2
        return self._filling

    def begin(self, stored: StoredPrompt) -> None:
        """The prompt begins."""
        self._alone = is_suspect(stored)

    @property
    def mean(self) -> int:
        """How many prompts are in work on average while there is enough to do."""
        return max(1, 3 * self.at_once // 4)
