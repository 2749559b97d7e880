"""What the messages say of a prompt and of a tune."""

import discord

from bot.discord.failures import escaped, sentence
from bot.values import Progress, State, StoredTune
from model.jobs import Prompt
from model.rhythm import RHYTHMS

RECEIVED = "In the queue…"
RESTARTING = "The bot is being restarted; your tune comes here as soon as it is back."
RESTARTING_GUEST = "The bot is being restarted; your tune will be in /mine."


def status(progress: Progress) -> str:
    """One line on a prompt that is not done: its place in the queue, or what is being done."""
    match progress.prompt.state:
        case State.QUEUED if progress.ahead > 0:
            doing = f"{ordinal(progress.ahead + 1)} in the queue"
        case State.QUEUED:
            doing = "next in the queue"
        case State.RENDERING:
            doing = "engraving and recording"
        case _:
            doing = "composing"
    return f"{sentence(asked(progress.prompt.prompt, progress.prompt.count))}: {doing}…"


def asked(prompt: Prompt, count: int = 1) -> str:
    """What is being composed: `a reel in E dorian`."""
    if prompt.vary:
        return f"a variation in {prompt.key.name}"
    if count > 1:
        return f"{count} tunes ({prompt.rhythm}, {prompt.key.name})"
    return f"{article(prompt.rhythm)} {prompt.rhythm} in {prompt.key.name}"


def ended(progress: Progress) -> str:
    """One line on a prompt that ended without a tune to show."""
    match progress.prompt.state:
        case State.FAILED:
            return escaped(sentence(progress.prompt.error or "that did not work: try again."))
        case State.CANCELLED:
            return "Cancelled."
    return "This tune was deleted."


def facts(tune: StoredTune) -> list[tuple[str, str]]:
    """What the embed says of a tune, as (name, value)."""
    prompt, rhythm = tune.prompt, RHYTHMS.get(tune.prompt.rhythm)
    replaced = tune.asked_version not in (None, tune.version)
    return [
        ("Key", prompt.key.name),
        ("Rhythm", f"{prompt.rhythm}, {rhythm.metre.beats}/{rhythm.metre.unit}" if rhythm else prompt.rhythm),
        *([("Tempo", f"{rhythm.tempo} bpm")] if rhythm else []),
        ("Form", f"{prompt.form.parts}, {prompt.form.bars} bars a part"),
        ("Temperature", f"{prompt.temperature:g}"),
        ("Seed", str(prompt.seed)),
        ("Model", f"v{tune.version}" + (f" (v{tune.asked_version} could not be used)" if replaced else "")),
    ]


def originality(tune: StoredTune) -> str:
    """Which known tune is nearest; empty where nothing was compared."""
    near, drawn = tune.nearest, tune.drawn_temperature
    raised = drawn is not None and round(drawn - tune.prompt.temperature, 3) > 0
    away = f"drawn at temperature {drawn:g} to get away from known tunes" if raised else ""
    if near is None:
        return sentence(away)
    known = f"Nearest known tune: {escaped(near.title)} ({escaped(near.source)}), {near.similarity:.0%} alike"
    return f"{known}; {away}" if away else known


def alt(tune: StoredTune) -> str:
    """What the picture shows, for those who do not see it."""
    prompt = tune.prompt
    return f"Sheet music of {tune.title}: {article(prompt.rhythm)} {prompt.rhythm} in {prompt.key.name}, {prompt.form}"


def named(permissions: discord.Permissions) -> str:
    """Names of permissions as Discord's settings show them: `Attach Files and Embed Links`."""
    names = [name.replace("_", " ").title() for name, wanted in permissions if wanted]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def article(noun: str) -> str:
    return "an" if noun[:1] in "aeiou" else "a"


def ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
