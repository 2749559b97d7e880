"""Small corpora for training, made by chance and a seed."""

import random

_SCALE = "DEFGABcdefg"


def jig(number: int) -> str:
    """A short well-formed jig; each number has its own melody."""
    stream = random.Random(number)
    bars = ["".join(stream.choices(_SCALE, k=6)) for _ in range(4)]
    return f"X:{number}\nT:Jig {number}\nR:jig\nM:6/8\nL:1/8\nK:D\n|:{bars[0]}|{bars[1]}:|\n|:{bars[2]}|{bars[3]}:|\n"


def jigs(count: int) -> str:
    return "\n".join(jig(number) for number in range(1, count + 1))
