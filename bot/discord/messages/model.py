"""Embeds about the model: its versions, its workers and its retrainings."""

from collections.abc import Iterable, Sequence

import discord

from bot.core.retraining import Retraining, VersionStats
from bot.core.wording import counted
from bot.discord.bounds import DESCRIPTION, FIELD, LABEL, cut
from bot.discord.errors import capitalized, escaped
from bot.discord.messages.tunes import COLOUR
from bot.retraining import report, wording
from bot.retraining.model_status import ModelStatus

PICTURE = "loss.png"
LISTED = 20  # versions


def retraining_embed(retraining: Retraining, picture: bool) -> discord.Embed:
    """A retraining's progress or its outcome. `picture`: the message has the loss curve attached as PICTURE."""
    title = f"Retraining {retraining.id}" + (", a dry run" if retraining.options.dry_run else "")
    embed = discord.Embed(title=title, description=retraining_line(retraining), colour=COLOUR)
    embed.add_field(name="From", value=f"version {retraining.base}")
    if retraining.votes:
        embed.add_field(name="Learns from", value=wording.learned(retraining))
    if retraining.report:
        tests = [
            f"{'✅' if test.passed else '❌'} {escaped(test.says)}"
            for test in report.validated(retraining.report).tests
        ]
        embed.add_field(name="Tests", value="\n".join(tests) or "none", inline=False)
    if picture:
        embed.set_image(url=f"attachment://{PICTURE}")
    return embed.set_footer(text=f"Asked for by {retraining.member_name or 'a member'}")


def retraining_line(retraining: Retraining) -> str:
    """A retraining's progress or its outcome in one line."""
    return escaped(capitalized(wording.line(retraining)))


def model_embed(status: ModelStatus) -> discord.Embed:
    """The version in use, the votes to learn from, the workers, and the last two retrainings."""
    version = status.current
    embed = discord.Embed(title="The model", colour=COLOUR)
    composes = f"version {version.number} ({escaped(wording.origin(version))})"
    embed.add_field(name="Composes", value=composes, inline=False)
    votes = f"{counted(status.votes, 'vote')}; a retraining needs {status.minimum}"
    embed.add_field(name="To learn from", value=votes, inline=False)
    workers = [escaped(wording.worker(each)) for each in status.workers] or ["none just now"]
    embed.add_field(name="Workers", value=_first_lines(workers, FIELD), inline=False)
    for name, one in (("Under way", status.opened), ("The last retraining", status.last)):
        if one:
            line = f"{one.id} · <t:{int(one.created_at.timestamp())}:R> · {escaped(wording.line(one))}"
            embed.add_field(name=name, value=line, inline=False)
    return embed


def versions_embed(versions: Sequence[VersionStats]) -> discord.Embed:
    """The newest versions, as many as fit."""
    text = _first_lines(map(_version_line, versions[:LISTED]), DESCRIPTION)
    return discord.Embed(title="Versions of the model", description=text, colour=COLOUR)


def version_label(stats: VersionStats) -> str:
    """A version as a choice of autocompletion: its number, its votes and its date."""
    return cut(f"{stats.version.number}: {_votes(stats)}, {stats.version.created_at:%Y-%m-%d}", LABEL)


def _first_lines(lines: Iterable[str], longest: int) -> str:
    """As many of these lines as fit into `longest` characters."""
    text = ""
    for line in lines:
        if len(text) + len(line) + 1 > longest:
            break
        text += f"{line}\n"
    return text.rstrip("\n")


def _version_line(stats: VersionStats) -> str:
    version, retraining = stats.version, stats.retraining
    mark = " · **in use**" if stats.current else " · pruned" if version.pruned_at else ""
    facts = [f"<t:{int(version.created_at.timestamp())}:d>"]
    if retraining:
        facts += [escaped(retraining.member_name[:40]), wording.learned(retraining)]
    else:
        facts += [escaped(wording.origin(version)[:100])]
    facts += [escaped(wording.scores(retraining)), _votes(stats)]
    return f"**v{version.number}**{mark} · {' · '.join(filter(None, facts))}"


def _votes(stats: VersionStats) -> str:
    if stats.share is None:
        return "no votes since"
    return f"{stats.share:.0%} of {counted(stats.up + stats.down, 'vote')} up"
