"""What Discord's refusals mean: each error code of the routes that the bot uses has one outcome.

https://docs.discord.com/developers/topics/opcodes-and-status-codes#json lists the codes.
"""

from enum import Enum

import aiohttp
import discord


class Outcome(Enum):
    """What follows from a refusal."""

    LATER = "another try may succeed"
    EXPIRED = "the interaction is over, and the bot's own message may carry the answer"
    ANSWERED = "the interaction has its first response already"
    GONE = "the message, its channel or its server was deleted"
    CLOSED = "the bot may not write there"
    UNCHANGEABLE = "this message cannot be edited any more, and a new one may be sent"
    TOO_LARGE = "the files are larger than the server takes"
    MALFORMED = "the request is wrong, which is a fault of ours"


_CODES = {
    10003: Outcome.GONE,  # unknown channel
    10004: Outcome.GONE,  # unknown guild
    10008: Outcome.GONE,  # unknown message
    10013: Outcome.CLOSED,  # unknown user
    10015: Outcome.EXPIRED,  # unknown webhook
    10062: Outcome.EXPIRED,  # unknown interaction
    20016: Outcome.LATER,  # slowmode
    20022: Outcome.LATER,  # announcement edit limit
    20028: Outcome.LATER,  # write limit of the channel
    20029: Outcome.LATER,  # write limit of the server
    30046: Outcome.UNCHANGEABLE,  # edits of messages older than an hour
    40002: Outcome.CLOSED,  # the account has to be verified
    40005: Outcome.TOO_LARGE,  # request entity too large
    40058: Outcome.CLOSED,  # a forum takes new posts alone
    40060: Outcome.ANSWERED,
    40062: Outcome.LATER,  # the service is being rate limited
    40067: Outcome.CLOSED,  # a forum post needs a tag
    50001: Outcome.CLOSED,  # missing access
    50003: Outcome.CLOSED,  # not in a direct message
    50005: Outcome.UNCHANGEABLE,  # a message of another author
    50006: Outcome.MALFORMED,  # empty message
    50007: Outcome.CLOSED,  # the user takes no messages
    50008: Outcome.CLOSED,  # not in a channel of this type
    50009: Outcome.CLOSED,  # verification level of the channel
    50013: Outcome.CLOSED,  # missing permissions
    50021: Outcome.UNCHANGEABLE,  # a system message
    50024: Outcome.CLOSED,  # not in a channel of this type
    50027: Outcome.EXPIRED,  # invalid webhook token
    50035: Outcome.MALFORMED,  # invalid form body
    50045: Outcome.TOO_LARGE,  # an uploaded file
    50046: Outcome.MALFORMED,  # an uploaded file is invalid
    50068: Outcome.UNCHANGEABLE,  # invalid message type
    50083: Outcome.UNCHANGEABLE,  # the thread is archived: a new message opens it again
    50109: Outcome.MALFORMED,  # invalid JSON
    50278: Outcome.CLOSED,  # no server in common with the user
    110001: Outcome.LATER,  # the application is not available yet
    130000: Outcome.LATER,  # overloaded
    160005: Outcome.CLOSED,  # the thread is locked
    160009: Outcome.CLOSED,  # messages of others cannot be read there
    200000: Outcome.CLOSED,  # AutoMod
    200001: Outcome.CLOSED,  # AutoMod, of a title
    220003: Outcome.CLOSED,  # webhooks cannot create threads there
    240000: Outcome.CLOSED,  # a link that the server filters
}
_STATUSES = {  # where the code is of no known meaning
    401: Outcome.EXPIRED,
    403: Outcome.CLOSED,
    404: Outcome.GONE,
    413: Outcome.TOO_LARGE,
    429: Outcome.LATER,
}
UNREACHABLE = (discord.DiscordServerError, aiohttp.ClientError, OSError, TimeoutError)


def outcome_of(error: discord.HTTPException) -> Outcome:
    """What a refusal means."""
    if error.status >= 500:
        return Outcome.LATER
    return _CODES.get(error.code) or _STATUSES.get(error.status, Outcome.MALFORMED)


def is_passing(error: BaseException) -> bool:
    """Whether the same request may succeed later: an outage, or a limit."""
    if isinstance(error, discord.HTTPException):
        return outcome_of(error) is Outcome.LATER
    return isinstance(error, UNREACHABLE)
