"""Values that store, use cases and front ends exchange."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from model.prompt import Prompt
from model.worker.protocol import Known

MOST_TUNES = 4  # of one prompt of a member


class State(StrEnum):
    """The state of a prompt. The last three are final."""

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
    """A member on a server of a platform: `web`, `discord` or `cli`. The ids are the platform's own."""

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
    """The message that carries a prompt's answer, by its platform's ids; empty on a platform without messages."""

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
    chosen_at: datetime | None = None  # the version in use is the one that was chosen last
    pruned_at: datetime | None = None  # when its file was deleted
    retraining_id: int | None = None  # that made it

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
    """A row of `prompts`. `error` is the line that its member reads where it failed."""

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
    attempts: int = 0  # how often it was given to a worker, without attempts that a clean stop interrupted
    channel_id: str = ""  # with message_id: the message that carries the answer, on a platform that has messages
    message_id: str = ""


@dataclass(frozen=True)
class Votes:
    """Votes on one tune, and the viewer's own vote: 1, -1 or 0."""

    up: int = 0
    down: int = 0
    mine: int = 0


@dataclass(frozen=True)
class NewTune:
    """A tune that a worker composed; `ordinal` counts the tunes of one prompt from 0, and adds to the prompt's seed.

    `nearest` is the most similar tune of the corpus; None where nothing was compared. `drawn_temperature` is higher
    than the prompt's where many draws were needed for an original tune; None where it is unknown. `version` composed
    it; None where it is the prompt's.
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
    """A row of `tunes` with its prompt's settings: all that is needed to compose it again.

    `nearest` and `drawn_temperature` are as NewTune's; tunes of release 0.1 have neither. `version` composed it, in
    place of `asked_version` where the latter's checkpoint could not be used.
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
    """The present state of a prompt. `ahead` prompts are before it in the queue; 0 is next, or no longer queued.

    `refused`: it failed because of its settings, and would fail again. `note` is a line on an outage that delays it,
    else empty.
    """

    prompt: StoredPrompt
    ahead: int = 0
    tunes: tuple[StoredTune, ...] = ()
    refused: bool = False
    note: str = ""

    @property
    def subject(self) -> int:
        """See bot.core.subscriptions."""
        return self.prompt.id


class Period(StrEnum):
    """The period of a leaderboard's votes: this day, week (from Monday) or month, in UTC, or all time."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    ALL = "all"

    def began(self, time: datetime) -> date | None:
        """The first day of the period that contains an aware time; None for all time."""
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
    """A tune on a leaderboard, and its votes of the leaderboard's period."""

    tune: StoredTune
    up: int
    down: int


@dataclass(frozen=True)
class ServerSettings:
    """What the admins of a server chose; None or () is the bot's default. Ids are the platform's."""

    rhythm: str | None = None  # with the next five: for members who leave these options out
    temperature: float | None = None
    form: str | None = None
    tempo: int | None = None
    instrument: str | None = None
    band: bool | None = None
    cooldown: int | None = None  # seconds between two prompts of a member
    server_cooldown: int | None = None  # seconds between two prompts of the members together
    waiting: int | None = None  # prompts of this server that may wait at a time
    member_waiting: int | None = None  # prompts of one member that may wait
    channels: tuple[str, ...] = ()  # where the bot composes; everywhere if there is none
    admin_roles: tuple[str, ...] = ()  # whose members are admins, as are those who manage the server
    log_channel: str | None = None  # where actions of admins are posted


@dataclass(frozen=True)
class Blocked:
    """What the admins of a server do not want to be given again: titles, and tunes, as ABC, with all like them."""

    titles: tuple[str, ...] = ()
    tunes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Record:
    """A row of `audit`: what an admin did."""

    member_name: str
    action: str
    detail: str
    created_at: datetime  # aware, UTC
