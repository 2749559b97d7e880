"""Text strings of ABC, such as titles: accents and characters that ASCII lacks (ABC standard 2.1, section 8.2)."""

import html
import re
import unicodedata

_SPACES = (
    "\x00\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u2007\u202f\u2028\u2029"  # what other programs may take for a line's end
)
_NOTHING = "\ufeff\u200b\u200c\u200d\u2060"
_CONTROLS = str.maketrans(_SPACES, " " * len(_SPACES), _NOTHING)
_ANY_CONTROL = re.compile(f"[{_SPACES}{_NOTHING}]")
_CURLED = str.maketrans("“”„″‘’′", '""""' + "'''")
_MARKS = dict(
    zip(
        "`'^~=u.\"oHv,c;",
        "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030b\u030c\u0327\u0327\u0328",
        strict=True,
    )
)
_LIGATURES = dict(pair.split() for pair in (
    "AA Å", "aa å", "AE Æ", "ae æ", "OE Œ", "oe œ", "ss ß", "/O Ø", "/o ø", "/D Đ", "/d đ", "/L Ł", "/l ł",
    "DH Ð", "dh ð", "TH Þ", "th þ",
))  # fmt: skip
_ENTITY = r"&(?:#\d{1,7}|#x[0-9A-Fa-f]{1,6}|[A-Za-z]{2,8}\d?);"
_SIGN = re.compile(r"&(?:lt|gt|quot);")
_CODES = rf"u[0-9A-Fa-f]{{4}}|{'|'.join(map(re.escape, _LIGATURES))}|[`'^~=u.\"oHvc,;][A-Za-z]"
_ESCAPE = re.compile(rf"\\(?P<code>{_CODES})|\\(?P<sign>&)|\\|(?P<entity>{_ENTITY})")


def plain(text: str) -> str:
    """A text string with ABC's escapes and HTML's entities as the characters that they mean, its spaces made single."""
    if "\\" in text or "&" in text:
        text = uncontrolled(_ESCAPE.sub(_unescaped, text))
    return " ".join(text.split())


def _unescaped(found: re.Match[str]) -> str:
    if found["entity"]:
        return html.unescape(found[0])
    code = found["code"]
    if not code:
        return found["sign"] or ""
    if code[0] == "u" and len(code) == 5:
        character = chr(int(code[1:], 16))
        return character if character.isprintable() else " "
    return _LIGATURES.get(code) or unicodedata.normalize("NFC", code[1:] + _MARKS[code[0]])


def escaped(text: str) -> str:
    """A text that `plain` gives back, in one line: without what begins an escape, a comment or an entity."""
    text = " ".join(uncontrolled(text).replace("\\", "").split())
    return re.sub(_ENTITY, r"\\\g<0>", text).replace("%", "\\%")


def uncontrolled(text: str) -> str:
    """`text` with control characters as spaces, but for line ends and tabs, and without those that have no width."""
    return text.translate(_CONTROLS) if _ANY_CONTROL.search(text) else text


def straightened(music: str) -> str:
    """A line of music with quotation marks that were curled made straight, and HTML's names for <, > and " undone."""
    music = music if music.isascii() else music.translate(_CURLED)
    return _SIGN.sub(lambda found: html.unescape(found[0]), music) if "&" in music else music
