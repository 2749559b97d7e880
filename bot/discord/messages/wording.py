"""The lines that messages show about a prompt and a tune."""

from bot.core.values import Progress, State, StoredTune
from bot.core.wording import article, ordinal
from bot.discord.errors import capitalized, escaped
from model.music.collections import book, titled
from model.music.rhythm import RHYTHMS
from model.prompt import Prompt

RECEIVED = "In the queue…"
RESTARTING = "The bot is being restarted; your tune comes here as soon as it is back."
NOT_SHOWN = "Your tune is done, but Discord does not take it here: it is in /mine."
RESTARTING_USER_INSTALL = "The bot is being restarted; your tune will be in /mine."


def status(progress: Progress) -> str:
    """One line on a prompt that is not done: its position in the queue, its stage, or why it is not being composed."""
    subject = capitalized(description(progress.prompt.prompt, progress.prompt.count))
    if progress.note:
        return f"{subject}: {progress.note}"
    match progress.prompt.state:
        case State.QUEUED if progress.ahead > 0:
            stage = f"{ordinal(progress.ahead + 1)} in the queue"
        case State.QUEUED:
            stage = "next in the queue"
        case State.RENDERING:
            stage = "engraving and recording"
        case _:
            stage = "composing"
    return f"{subject}: {stage}…"


def description(prompt: Prompt, count: int = 1) -> str:
    """What a prompt asks for: `a reel in E dorian`."""
    if prompt.vary:
        return f"a variation in {prompt.key.name}"
    if count > 1:
        return f"{count} tunes ({prompt.rhythm}, {prompt.key.name})"
    return f"{article(prompt.rhythm)} {prompt.rhythm} in {prompt.key.name}"


def outcome(progress: Progress) -> str:
    """One line on a prompt in a final state that has no tune to show."""
    match progress.prompt.state:
        case State.FAILED:
            return escaped(capitalized(progress.prompt.error or "that did not work: try again."))
        case State.CANCELLED:
            return "Cancelled."
    return "This tune was deleted."


def facts(tune: StoredTune) -> list[tuple[str, str]]:
    """(name, value) of the embed's fields: six, since Discord shows three in a row."""
    prompt, rhythm = tune.prompt, RHYTHMS.get(tune.prompt.rhythm)
    return [
        ("Key", prompt.key.name),
        ("Rhythm", f"{prompt.rhythm}, {rhythm.metre.beats}/{rhythm.metre.unit}" if rhythm else prompt.rhythm),
        *([("Tempo", f"{prompt.tempo or rhythm.tempo} bpm")] if rhythm else []),
        ("Form", f"{prompt.form.parts}, {prompt.form.bars} bars a part"),
        ("Temperature", format_temperature(prompt.temperature)),
        ("Seed", str(prompt.seed)),
    ]


def summary(tune: StoredTune) -> str:
    """Key, form, temperature and seed of a tune in one line."""
    prompt = tune.prompt
    form = f"{prompt.form.parts}, {prompt.form.bars} bars a part"
    temperature = f"temperature {format_temperature(prompt.temperature)}"
    return f"{capitalized(prompt.rhythm)} in {prompt.key.name} · {form} · {temperature} · seed {prompt.seed}"


def origin(tune: StoredTune) -> str:
    """The number of a tune, the tune that it varies, the version that composed it, and for whom."""
    replaced = tune.asked_version not in (None, tune.version)
    version = f"model v{tune.version}" + (f" (v{tune.asked_version} could not be used)" if replaced else "")
    varied = f" · varies tune {tune.varied_from}" if tune.varied_from else ""
    return f"Tune {tune.id}{varied} · {version} · composed for {tune.member_name or 'a member'}"


def originality(tune: StoredTune) -> str:
    """One line on the known tune that is nearest, and on a raised temperature; empty where nothing was compared."""
    near, drawn = tune.nearest, tune.drawn_temperature
    raised = drawn is not None and round(drawn - tune.prompt.temperature, 3) > 0
    redrawn = f"drawn at temperature {format_temperature(drawn)} to get a new tune" if drawn and raised else ""
    if near is None:
        return capitalized(redrawn)
    source = escaped(book(near.source))
    known = f"Nearest known tune: {escaped(titled(near.title))} ({source}), {near.similarity:.0%} alike"
    return f"{known}; {redrawn}" if redrawn else known


def alt_text(tune: StoredTune) -> str:
    """The alternative text of the picture of a tune."""
    prompt = tune.prompt
    return f"Sheet music of {tune.title}: {article(prompt.rhythm)} {prompt.rhythm} in {prompt.key.name}, {prompt.form}"


def format_temperature(temperature: float) -> str:
    """With one decimal at least: `1.0`, `0.85`."""
    return f"{temperature:g}" if temperature % 1 else f"{temperature:.1f}"
