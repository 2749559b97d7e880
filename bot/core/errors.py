"""The expected failures of the bot, as one tree. Every message is one line that a member may read.

TunesmithError
├── BadRequest        a member asked for something impossible; the message names what is possible
│   └── Unclear       with a command that may have been meant
├── NotFound          no such tune or prompt, or it was deleted
├── NotAllowed        this member may not do that
├── Busy              the queue is full, or the member has to wait
├── ConfigError       config.toml or the environment is wrong; exit status 2
├── StoreError        the database cannot be used; exit status 1
│   ├── StoreUnavailable     its server does not answer just now; a later call may succeed
│   └── StoreInUse    a bot or a command is at work on what was to be replaced
├── BackupError       a backup cannot be made, or is no good; exit status 1
├── WorkerError       no worker could compose the tune; exit status 1
├── TrainerError      a candidate could not be made; exit status 1
├── RenderError       the tune could not be drawn or played; exit status 1
└── DiscordError      Discord refuses the bot; exit status 1
"""

from datetime import datetime


class TunesmithError(Exception):
    """Base of all expected failures of the service."""


class BadRequest(TunesmithError):
    """A member asked for something impossible."""


class Unclear(BadRequest):
    """What was said is no command; `command` is the nearest one."""

    def __init__(self, reason: str, command: str) -> None:
        super().__init__(reason)
        self.command = command


class NotFound(TunesmithError):
    """No such tune or prompt."""


class NotAllowed(TunesmithError):
    """This member may not do that."""


class Busy(TunesmithError):
    """The queue is full, or the member has to wait.

    `until` is the aware time at which to ask again, where that is known; `when` is the same in words: `in 9 seconds`.
    The message has `reason` and `when`; a front end that can display a time displays `reason` and `until`.
    """

    def __init__(self, reason: str, when: str = "", until: datetime | None = None) -> None:
        super().__init__(f"{reason}: ask again {when}" if when else reason)
        self.reason, self.when, self.until = reason, when, until


class ConfigError(TunesmithError):
    """The configuration is wrong."""


class StoreError(TunesmithError):
    """The database cannot be used."""


class StoreUnavailable(StoreError):
    """The database's server does not answer just now; a later call may succeed."""


class StoreInUse(StoreError):
    """A bot or a command is at work on the database that was to be replaced."""


class BackupError(TunesmithError):
    """A backup cannot be made, or is no good."""


class WorkerError(TunesmithError):
    """No worker could compose the tune."""


class TrainerError(TunesmithError):
    """A candidate could not be made."""


class RenderError(TunesmithError):
    """The tune could not be drawn or played."""


class DiscordError(TunesmithError):
    """Discord refuses the bot."""
