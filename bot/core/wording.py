"""Nouns and numbers in messages."""


def counted(number: int, noun: str) -> str:
    """`1 tune`, `3 tunes`, `0 waltzes`."""
    return f"{number} {noun if number == 1 else plural(noun)}"


def plural(noun: str) -> str:
    """`jigs`, `marches`, `waltzes`."""
    return f"{noun}es" if noun.endswith(("ch", "s", "sh", "x", "z")) else f"{noun}s"


def article(noun: str) -> str:
    """`a` reel, `an` air."""
    return "an" if noun[:1] in "aeiou" else "a"


def ordinal(number: int) -> str:
    """`1st`, `12th`, `23rd`."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def capitalized(line: str) -> str:
    """A line that begins with a capital; all its others stay."""
    return line[:1].upper() + line[1:]
