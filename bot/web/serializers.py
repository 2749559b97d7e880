"""Turns values into the JSON that the page shows."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from bot.core.values import Progress, State, StoredPrompt, StoredTune, Votes
from bot.core.wording import article, capitalized, ordinal
from bot.web.commands import prompt_options
from model.music.collections import book, titled
from model.music.rhythm import RHYTHMS
from model.prompt import EDITED

NOBODY = 0  # no member's id
FIRST = 5  # prompts of the queue whose positions everybody is told


def progress_json(progress: Progress) -> dict[str, Any]:
    """A prompt, its status line and its tunes."""
    return {**_prompt(progress.prompt, progress.tunes), "status": _status(progress)}


def seen_by(progress: Progress, member_id: int) -> Progress:
    """Without its position for members whose prompt it is not, unless it is among the first."""
    far = progress.prompt.state is State.QUEUED and progress.ahead >= FIRST
    return replace(progress, ahead=-1) if far and progress.prompt.member_id != member_id else progress


def history_json(
    rows: Iterable[tuple[StoredPrompt, Sequence[StoredTune]]], unfinished: dict[int, Progress], member_id: int = NOBODY
) -> list[dict[str, Any]]:
    """Stored prompts, as a member sees them; `unfinished` has the position in the queue of those that are not done."""
    return [
        progress_json(seen_by(unfinished.get(prompt.id) or Progress(prompt, -1, tuple(tunes)), member_id))
        if not prompt.state.final
        else progress_json(Progress(prompt, 0, tuple(tunes)))
        for prompt, tunes in rows
    ]


def votes_json(votes: Votes) -> dict[str, int]:
    """The counts, and the vote of the member who asks: 1, -1 or 0."""
    return {"up": votes.up, "down": votes.down, "mine": votes.mine}


def media_version(tune: StoredTune) -> str:
    """Part of the URL of a file: no browser shows a tune of another database, or its old title, from its cache."""
    return f"{int(tune.created_at.timestamp() * 1000):x}{zlib.crc32(tune.abc.encode()):08x}"


def _prompt(prompt: StoredPrompt, tunes: Iterable[StoredTune]) -> dict[str, Any]:
    return {
        "id": prompt.id,
        "member": prompt.member_id,
        "name": prompt.member_name,
        "at": prompt.created_at.isoformat(),
        "command": {"": "/compose", EDITED: "Edit"}.get(prompt.prompt.vary, "Vary"),
        "options": prompt_options(prompt.prompt, prompt.count),
        "state": str(prompt.state),
        "final": prompt.state.final,
        "error": prompt.error,
        "tunes": [tune_json(tune) for tune in tunes],
    }


def tune_json(tune: StoredTune) -> dict[str, Any]:
    """What a page shows of a tune."""
    return {
        "id": tune.id,
        "title": tune.title,
        "facts": _facts(tune),
        "known": _known(tune),
        "alt": _alt(tune),
        "version": media_version(tune),
        "size": [1620, 216 * _lines(tune, 4) - 16],  # in the notation's own units, see bot.render.score
        "narrow": [860, 216 * _lines(tune, 2) - 16],
        "playing": _playing(tune),
        "votes": votes_json(tune.votes),
    }


def _lines(tune: StoredTune, bars: int) -> int:
    """About how many lines the notation has, so that a page has room for it before it is there."""
    form = tune.prompt.form
    return len(set(form.parts)) * max(1, form.bars // bars)


def _playing(tune: StoredTune) -> dict[str, Any]:
    """How a tune is played, with what is usual for its dance where nothing was asked for."""
    prompt, rhythm = tune.prompt, RHYTHMS.get(tune.prompt.rhythm)
    return {
        "tempo": prompt.tempo or (rhythm.tempo if rhythm else 120),
        "instrument": prompt.instrument or (rhythm.instrument if rhythm else "fiddle"),
        "band": prompt.band,
    }


def _facts(tune: StoredTune) -> list[str]:
    prompt, rhythm = tune.prompt, RHYTHMS.get(tune.prompt.rhythm)
    return [
        prompt.key.name,
        prompt.rhythm,
        *([f"{prompt.tempo or rhythm.tempo} bpm"] if rhythm else []),
        *([prompt.instrument] if prompt.instrument else []),
        *([] if prompt.band else ["without band"]),
        str(prompt.form),
        f"temperature {prompt.temperature:g}",
        f"seed {prompt.seed}",
        f"model v{tune.version}" + (f" (v{tune.asked_version} could not be used)" if _replaced(tune) else ""),
    ]


def _replaced(tune: StoredTune) -> bool:
    return tune.asked_version not in (None, tune.version)


def _known(tune: StoredTune) -> dict[str, str]:
    """The line on the nearest known tune: the text before its title, the title, and the text after it."""
    near, drawn = tune.nearest, tune.drawn_temperature
    raised = drawn is not None and round(drawn - tune.prompt.temperature, 3) > 0  # workers round it
    redrawn = f"drawn at temperature {drawn:g} to get a new tune" if raised else ""
    if near is None:
        return {"before": redrawn[:1].upper() + redrawn[1:], "title": "", "after": ""}
    after = f" ({book(near.source)}), {near.similarity:.0%} alike"
    return {
        "before": "Nearest known tune: ",
        "title": titled(near.title),
        "after": after + (f"; {redrawn}" if redrawn else ""),
    }


def _alt(tune: StoredTune) -> str:
    prompt, rhythm = tune.prompt, RHYTHMS.get(tune.prompt.rhythm)
    metre = f" in {rhythm.metre.beats}/{rhythm.metre.unit} time" if rhythm else ""
    subject = f"{article(prompt.rhythm)} {prompt.rhythm} in {prompt.key.name}"
    return f"Sheet music of {tune.title}: {subject}{metre}, form {prompt.form.parts}"


def _status(progress: Progress) -> str:
    """The line under a prompt: its position in the queue, its stage or its error; empty when it has tunes."""
    if progress.note and not progress.prompt.state.final:
        return progress.note
    match progress.prompt.state:
        case State.QUEUED if progress.ahead > 0:
            return f"{ordinal(progress.ahead + 1)} in the queue…"
        case State.QUEUED:
            return "in the queue…" if progress.ahead < 0 else "next in the queue…"
        case State.COMPOSING:
            return "composing…"
        case State.RENDERING:
            return "engraving…"
        case State.FAILED:
            return capitalized(progress.prompt.error) or "That did not work. Try again."
        case State.CANCELLED:
            return "Cancelled."
    return ""
