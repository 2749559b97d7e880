"""Nouns as messages count them."""


def counted(number: int, noun: str) -> str:
    """`1 tune`, `3 tunes`, `0 waltzes`."""
    return f"{number} {noun if number == 1 else plural(noun)}"


def plural(noun: str) -> str:
    """`jigs`, `marches`, `waltzes`."""
    return f"{noun}es" if noun.endswith(("ch", "s", "sh", "x", "z")) else f"{noun}s"
