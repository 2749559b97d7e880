"""Refuses a prompt before it is queued, where it is known that no worker can compose it."""

import asyncio

from bot.core.completion import ordered_keys
from bot.core.errors import BadRequest
from model.music.key import MODE_NAMES
from model.prompt import Prompt


async def check(prompt: Prompt) -> None:
    """Raises BadRequest or InputError, one line, for a mode or an opening that cannot be composed with."""
    modes = dict.fromkeys(key.mode for key in ordered_keys())
    if prompt.key.mode not in modes:
        known = ", ".join(MODE_NAMES[mode] for mode in modes)
        raise BadRequest(f"I know no tunes in {prompt.key.name} to learn from: choose one of {known}")
    if prompt.opening and not prompt.vary:  # a tune of ours was checked when it was made
        await asyncio.to_thread(_check_opening, prompt)


def _check_opening(prompt: Prompt) -> None:
    from model.sampling.opening import checked_opening  # loads numpy, which few prompts need

    checked_opening(prompt)
