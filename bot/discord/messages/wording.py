"""What the messages say of a prompt and of a tune."""

import discord

from bot.core.values import Progress, State, StoredTune
from bot.core.wording import article, ordinal
from bot.discord.errors import escaped, sentence
from model.music.collections import book, titled
from model.music.rhythm import RHYTHMS
from model.prompt import Prompt

RECEIVED = "In the queue…"
RESTARTING = "The bot is being restarted; your tune comes here as soon as it is back."
RESTARTING_GUEST = "The bot is being restarted; your tune will be in /mine."
_NAMES = {"read_messages": "View Channel", "send_messages_in_threads": "Send Messages in Threads"}  # by the library's


def status(progress: Progress) -> str:
    """One line on a prompt that is not done: its place in the queue, or what is being done, or why nothing is."""
    if progress.note:
        return f"{sentence(asked(progress.prompt.prompt, progress.prompt.count))}: {progress.note}"
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
    """What the embed says of a tune, as (name, value): six, since Discord shows three in a row."""
    prompt, rhythm = tune.prompt, RHYTHMS.get(tune.prompt.rhythm)
    return [
        ("Key", prompt.key.name),
        ("Rhythm", f"{prompt.rhythm}, {rhythm.metre.beats}/{rhythm.metre.unit}" if rhythm else prompt.rhythm),
        *([("Tempo", f"{rhythm.tempo} bpm")] if rhythm else []),
        ("Form", f"{prompt.form.parts}, {prompt.form.bars} bars a part"),
        ("Temperature", degrees(prompt.temperature)),
        ("Seed", str(prompt.seed)),
    ]


def in_short(tune: StoredTune) -> str:
    """The same in one line, for one of several."""
    prompt = tune.prompt
    form = f"{prompt.form.parts}, {prompt.form.bars} bars a part"
    temperature = f"temperature {degrees(prompt.temperature)}"
    return f"{sentence(prompt.rhythm)} in {prompt.key.name} · {form} · {temperature} · seed {prompt.seed}"


def origin(tune: StoredTune) -> str:
    """Its number, the tune that it varies, the version that composed it, and for whom."""
    replaced = tune.asked_version not in (None, tune.version)
    version = f"model v{tune.version}" + (f" (v{tune.asked_version} could not be used)" if replaced else "")
    varied = f" · varies tune {tune.varied_from}" if tune.varied_from else ""
    return f"Tune {tune.id}{varied} · {version} · composed for {tune.member_name or 'a member'}"


def originality(tune: StoredTune) -> str:
    """Which known tune is nearest; empty where nothing was compared."""
    near, drawn = tune.nearest, tune.drawn_temperature
    raised = drawn is not None and round(drawn - tune.prompt.temperature, 3) > 0
    away = f"drawn at temperature {degrees(drawn)} to get a new tune" if drawn and raised else ""
    if near is None:
        return sentence(away)
    source = escaped(book(near.source))
    known = f"Nearest known tune: {escaped(titled(near.title))} ({source}), {near.similarity:.0%} alike"
    return f"{known}; {away}" if away else known


def alt(tune: StoredTune) -> str:
    """What the picture shows, for those who do not see it."""
    prompt = tune.prompt
    return f"Sheet music of {tune.title}: {article(prompt.rhythm)} {prompt.rhythm} in {prompt.key.name}, {prompt.form}"


def named(permissions: discord.Permissions) -> str:
    """Names of permissions as Discord's settings show them: `Embed Links and Attach Files`."""
    names = [_NAMES.get(name) or name.replace("_", " ").title() for name, wanted in permissions if wanted]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def degrees(temperature: float) -> str:
    """A temperature as it is written everywhere else: `1.0`."""
    return f"{temperature:g}" if temperature % 1 else f"{temperature:.1f}"
