"""Checks the lengths of bars that a reader of ABC found, in the order they sound."""

from collections.abc import Sequence
from fractions import Fraction


def uneven_bars(played: Sequence[Fraction], full: Fraction) -> str:
    """What is wrong with bars of the lengths `played`, in whole notes, where `full` is a bar's; empty for nothing.

    A short bar is right where it and its neighbour make one: a part's last bar and the next pickup, or the tune's
    last bar and its first.
    """
    if not played:
        return "no bars"
    pickup = played[0] if played[0] < full else Fraction(0)
    rest = list(played[1:] if pickup else played)
    at = 0
    while at < len(rest):
        if rest[at] == full:
            at += 1
        elif at + 1 < len(rest) and rest[at] + rest[at + 1] == full:
            at += 2
        elif at + 1 == len(rest) and rest[at] + pickup == full:
            return ""
        else:
            return f"bar {at + 1 + (pickup > 0)} as played is {rest[at]} long; the metre says {full}"
    return "the pickup has no last bar that makes room for it" if pickup else ""
