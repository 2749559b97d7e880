"""Text that is valid in SVG, MIDI and PDF."""


def printable(text: str) -> str:
    """`text` with spaces in place of control characters and lone surrogates."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
