"""The bytes of ABC files as text (ABC standard 2.1, section 8.2, and the encodings of older files)."""

import codecs
import re

_CHARSET = re.compile(
    rb"^[ \t]*(?:%%|I:)[ \t]*(?:abc-charset|encoding|charset)[ \t=]+([\w-]+)", re.MULTILINE | re.IGNORECASE
)
_MARKS = (  # byte order marks, longest first
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode(data: bytes) -> tuple[str, str]:
    """The text of an ABC file, and what had to be guessed about its encoding, empty for nothing."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace"), ""
    if data[:200].count(0) > len(data[:200]) // 4:
        encoding = "utf-16-be" if data[:1] == b"\0" else "utf-16-le"
        return data.decode(encoding, errors="replace"), f"no byte order mark: taken for {encoding.upper()}"
    named = _CHARSET.search(data)
    said = named[1].decode("ascii") if named else ""
    for encoding in filter(None, (_codec(said), "utf-8")):
        try:
            return data.decode(encoding), "" if said in ("", encoding) or _codec(said) == encoding else _unlike(
                said, encoding
            )
        except UnicodeDecodeError:
            continue
    return data.decode("cp1252", errors="replace"), _unlike(said, "Windows-1252")


def _codec(name: str) -> str:
    """Python's name of an encoding; Latin-1 is read as browsers read it, as Windows-1252."""
    if name.isdecimal():  # abcm2ps counts the parts of ISO 8859
        name = f"iso-8859-{name}"
    try:
        found = codecs.lookup(name).name if name else ""
    except LookupError:
        return ""
    return "cp1252" if found == "iso8859-1" else found


def _unlike(said: str, encoding: str) -> str:
    expected = f"{said} as it says" if said else "UTF-8 as expected"
    return f"not {expected}: taken for {encoding}; %%abc-charset names another"
