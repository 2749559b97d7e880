"""The model's versions and retrainings, as the messages show them."""

from collections.abc import Iterable, Sequence

import discord

from bot.core.retraining import Retraining, VersionStats
from bot.core.wording import counted
from bot.discord.errors import escaped, sentence
from bot.discord.messages.tunes import COLOUR
from bot.retraining import report, wording
from bot.retraining.retrainer import Status

PICTURE = "loss.png"
LISTED = 20  # versions
_LONGEST = 4096  # characters of a description


def retraining(found: Retraining, picture: bool) -> discord.Embed:
    """Where it is, or what came of it; `picture`: the message has its curve attached."""
    title = f"Retraining {found.id}" + (", a dry run" if found.options.dry_run else "")
    line = escaped(sentence(wording.line(found)))
    embed = discord.Embed(title=title, description=line[:_LONGEST], colour=COLOUR)
    embed.add_field(name="From", value=f"version {found.base}")
    if found.votes:
        embed.add_field(name="Learns from", value=wording.learned(found))
    if found.report:
        tests = [
            f"{'✅' if test.passed else '❌'} {escaped(test.says)}" for test in report.validated(found.report).tests
        ]
        embed.add_field(name="Tests", value="\n".join(tests)[:1024] or "none", inline=False)
    if picture:
        embed.set_image(url=f"attachment://{PICTURE}")
    return embed.set_footer(text=f"Asked for by {found.member_name or 'a member'}"[:2048])


def status(found: Status) -> discord.Embed:
    """What is in use and under way, who composes, and how many votes there are."""
    version = found.current
    embed = discord.Embed(title="The model", colour=COLOUR)
    composes = f"version {version.number} ({escaped(wording.origin(version))})"
    embed.add_field(name="Composes", value=composes[:1024], inline=False)
    votes = f"{counted(found.votes, 'vote')}; a retraining needs {found.minimum}"
    embed.add_field(name="To learn from", value=votes, inline=False)
    workers = [escaped(wording.worker(each)) for each in found.workers] or ["none just now"]
    embed.add_field(name="Workers", value=_fitting(workers, 1024), inline=False)
    for name, one in (("Under way", found.opened), ("The last retraining", found.last)):
        if one:
            told = f"{one.id} · <t:{int(one.created_at.timestamp())}:R> · {escaped(wording.line(one))}"
            embed.add_field(name=name, value=told[:1024], inline=False)
    return embed


def versions(standings: Sequence[VersionStats]) -> discord.Embed:
    """The newest versions, as many as fit."""
    text = _fitting(map(_version, standings[:LISTED]), _LONGEST)
    return discord.Embed(title="Versions of the model", description=text, colour=COLOUR)


def described(standing: VersionStats) -> str:
    """A version in a few words, for a list to choose from."""
    return f"{standing.version.number}: {_liked(standing)}, {standing.version.created_at:%Y-%m-%d}"[:100]


def _fitting(lines: Iterable[str], most: int) -> str:
    """As many of these lines as so many characters hold."""
    text = ""
    for line in lines:
        if len(text) + len(line) + 1 > most:
            break
        text += f"{line}\n"
    return text.rstrip("\n")


def _version(standing: VersionStats) -> str:
    version, made = standing.version, standing.retraining
    marks = [" · **in use**"] if standing.current else [" · pruned"] if version.pruned_at else []
    facts = [f"<t:{int(version.created_at.timestamp())}:d>"]
    facts += (
        [escaped(made.member_name[:40]), wording.learned(made)] if made else [escaped(wording.origin(version)[:100])]
    )
    facts += [escaped(wording.scores(made))] if wording.scores(made) else []
    return f"**v{version.number}**{''.join(marks)} · {' · '.join(fact for fact in facts if fact)} · {_liked(standing)}"


def _liked(standing: VersionStats) -> str:
    if standing.share is None:
        return "no votes since"
    return f"{standing.share:.0%} of {counted(standing.up + standing.down, 'vote')} up"
