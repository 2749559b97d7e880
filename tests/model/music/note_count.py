"""How many notes, rests and chords an ABC text has, counted without the reader: for tests that compare the two."""

import re

_FIELD = re.compile(r"\s*(?:[A-Za-z+]\s*:(?![|:])|[H-WYh-wy]\s*:)")
_NO_MUSIC = re.compile(r'"[^"]*"|\{[^{}]*\}|![^!|\s][^!|]*!|!\S!|\[[A-Za-z]:[^\]]*\]|\[["\d][^|]*?(?=[\s\]A-Ga-gzx|])')
_NOTE = re.compile(r"\[[^\[\]|:]*[A-Ga-gzx][^\[\]|:]*\]|\+[A-Ga-g][^+|\s]*\+|[A-Ga-gzx]|[ZX](\d*)")


def count_notes(text: str) -> int:
    """The notes, rests and chords of one tune, its bars of rest counted one by one."""
    body = text.partition("\nK:")[2]
    count = 0
    for line in re.split(r"\r\n|\n|\r", body)[1:]:
        if not line.strip() and count:
            break
        line = re.sub(r"(?<!\\)%.*", "", line)
        if _FIELD.match(line):
            continue
        for note in _NOTE.finditer(_NO_MUSIC.sub(" ", line)):
            count += int(note[1] or 1) if note[1] is not None else 1
    return count
