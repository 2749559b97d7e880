"""Text that SVG, MIDI and PDF can hold."""


def printable(text: str) -> str:
    """Without control characters and halves of surrogate pairs."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
