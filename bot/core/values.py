"""The values that the store, the use cases and the front ends pass to each other."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from model.prompt import Prompt
from model.worker.protocol import Known

MOST_TUNES = 4  # of one prompt of a member


class State(StrEnum):
    """Where a prompt is. The last three are final."""

    QUEUED = "queued"
    COMPOSING = "composing"
    RENDERING = "rendering"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        return self in (State.DONE, State.FAILED, State.CANCELLED)


@dataclass(frozen=True)
class Place:
    """Where a prompt came from. `platform` is `web`, `discord` or `cli`; the ids are that platform's own."""

    platform: str
    server: str
    member: str
    member_name: str = ""


@dataclass(frozen=True)
class KnownMember:
    """A member by its platform's id. `id` is ours."""

    id: int
    platform: str
    external_id: str
    name: str


@dataclass(frozen=True)
class Message:
    """A message, by its platform's own ids: where a prompt is answered, on a platform that has messages."""

    channel_id: str = ""
    message_id: str = ""


NOWHERE = Message()


@dataclass(frozen=True)
class Version:
    """A row of `versions`: a checkpoint that the bot knows by number; 1 is the shipped one."""

    number: int
    path: str
    sha256: str
    name: str
    created_at: datetime  # aware, UTC
    note: str = ""
    chosen_at: datetime | None = None  # the one in use is the one that was chosen last
    pruned_at: datetime | None = None  # when its file was deleted
    retraining_id: int | None = None  # what it came from

    @property
    def file(self) -> tuple[str, str, int]:
        """Path, hash and number, in the order in which a Job names them."""
        return self.path, self.sha256, self.number


@dataclass(frozen=True)
class NewPrompt:
    """A prompt that was accepted: `count` tunes for a member on a server, by a version of the model.

    `varied_from` is the tune that it varies; `message` is the one that will carry its answer.
    """

    member_id: int
    server_id: int
    prompt: Prompt
    count: int
    version: int
    varied_from: int | None = None
    message: Message = NOWHERE


@dataclass(frozen=True)
class StoredPrompt:
    """A row of `prompts`. `error` is the line that its member was shown, if it failed."""

    id: int
    member_id: int
    member_name: str
    server_id: int
    prompt: Prompt
    count: int
    state: State
    version: int
    created_at: datetime  # aware, UTC
    error: str = ""
    varied_from: int | None = None  # the tune that it varies
    attempts: int = 0  # how often it was given to a worker; a clean stop takes one back
    channel_id: str = ""  # with message_id: the message that carries the answer, on a platform that has messages
    message_id: str = ""


@dataclass(frozen=True)
class Votes:
    """Votes on one tune, and the vote of the member who looks: 1, -1 or 0."""

    up: int = 0
    down: int = 0
    mine: int = 0


@dataclass(frozen=True)
class NewTune:
    """A tune fresh from a worker; `ordinal` counts the tunes of one prompt from 0, and adds to the prompt's seed.

    `nearest` is the tune of the books most like it, None where nothing was compared. `drawn_temperature` is higher than
    the prompt's where it took many draws to get a new tune; None where that is not known. `version` is the
    one that composed it, None where it is the one that the prompt names.
    """

    ordinal: int
    seed: int
    title: str
    abc: str
    nearest: Known | None = None
    drawn_temperature: float | None = None
    version: int | None = None


@dataclass(frozen=True)
class StoredTune:
    """A row of `tunes` with what its prompt asked for: everything needed to make it again.

    `nearest` and `drawn_temperature` are as NewTune's; tunes of release 0.1 have neither. `version` composed it, in
    place of `asked_version` where that one's checkpoint could not be used.
    """

    id: int
    prompt_id: int
    member_id: int
    member_name: str
    server_id: int
    prompt: Prompt  # with the tune's own seed
    version: int
    title: str
    abc: str
    created_at: datetime  # aware, UTC
    votes: Votes = Votes()
    nearest: Known | None = None
    drawn_temperature: float | None = None
    asked_version: int | None = None
    varied_from: int | None = None  # the tune that its prompt varies


@dataclass(frozen=True)
class Progress:
    """Where a prompt is now. `ahead` prompts stand before it in the queue; 0 is next, or no longer queued.

    `refused`: it failed, and would again, because of what it asks for. `note` is a line on why it does not get on just
    now, while something is away; empty as a rule.
    """

    prompt: StoredPrompt
    ahead: int = 0
    tunes: tuple[StoredTune, ...] = ()
    refused: bool = False
    note: str = ""

    @property
    def subject(self) -> int:
        """What it is about: of each, a listener that is slow hears the newest alone."""
        return self.prompt.id


class Period(StrEnum):
    """When the votes of a leaderboard were cast: today, this week, from Monday, this month, in UTC, or ever."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    ALL = "all"

    def began(self, time: datetime) -> date | None:
        """The first day of the period that an aware time is in; None for all time."""
        day = time.astimezone(UTC).date()
        match self:
            case Period.DAY:
                return day
            case Period.WEEK:
                return day - timedelta(days=day.weekday())
            case Period.MONTH:
                return day.replace(day=1)
        return None


@dataclass(frozen=True)
class Leader:
    """A tune on a leaderboard, and the votes on it that were cast in its period."""

    tune: StoredTune
    up: int
    down: int


@dataclass(frozen=True)
class ServerSettings:
    """What the admins of a server chose. None, or nothing, is what the bot does elsewhere. Ids are the platform's."""

    rhythm: str | None = None  # these three are for those who leave them out
    temperature: float | None = None
    form: str | None = None
    cooldown: int | None = None  # seconds between two prompts of a member
    server_cooldown: int | None = None  # seconds between two prompts of the members together
    waiting: int | None = None  # prompts of this server that may wait at once
    member_waiting: int | None = None  # of one member
    channels: tuple[str, ...] = ()  # where the bot may be asked; everywhere if there is none
    admin_roles: tuple[str, ...] = ()  # beside those who manage the server
    log_channel: str | None = None  # where admin actions are told


@dataclass(frozen=True)
class Record:
    """A row of `audit`: what an admin did."""

    member_name: str
    action: str
    detail: str
    created_at: datetime  # aware, UTC
