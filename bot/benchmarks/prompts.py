"""What members of a benchmark ask for: keys and rhythms in turn, each prompt with its own seed."""

from typing import Any

from model.prompt import Prompt, parse_prompt

_KEYS, _RHYTHMS = ("Edor", "D", "Am", "G", "Bm"), ("reel", "jig", "hornpipe", "waltz", "polka", "slip jig")


def options_of(number: int) -> dict[str, Any]:
    """Options of `/compose`."""
    return {"key": _KEYS[number % len(_KEYS)], "rhythm": _RHYTHMS[number % len(_RHYTHMS)], "seed": number}


def numbered_prompt(number: int) -> Prompt:
    return parse_prompt(**options_of(number))
