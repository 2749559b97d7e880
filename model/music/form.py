"""Form: the order of a tune's parts and how many bars each has."""

import re
from dataclasses import dataclass
from itertools import groupby
from typing import Self

from model.errors import InputError


@dataclass(frozen=True)
class Form:
    """The order of parts and how many bars each has: `AABB:8`."""

    parts: str = "AABB"
    bars: int = 8

    FORMS = ("AB", "AABB", "AABBCC", "AABA")
    BARS = (4, 8, 16)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads `AABB` (of 8 bars a part) or `AABB:4`. Raises InputError for a form that there is not."""
        match = re.fullmatch(r"\s*([A-Za-z]{1,12})\s*(?::\s*(\d{1,3}))?\s*", text)
        parts, bars = (match[1].upper(), int(match[2] or 8)) if match else ("", 0)
        if parts not in cls.FORMS or bars not in cls.BARS:
            raise InputError(
                f"unknown form {text[:20]!r}: there are {', '.join(cls.FORMS)},"
                " each with :4, :8 or :16 bars a part (AABB:8)"
            )
        return cls(parts, bars)

    @property
    def sounding(self) -> int:
        """How many parts sound, one that is repeated at once counting once: 3 in AABA."""
        return len(list(groupby(self.parts)))

    def __str__(self) -> str:
        return f"{self.parts}:{self.bars}"
