"""Tunes -> one PDF with a title page: verovio engraves each as SVG, Typst (tunebook.typ) lays out the pages."""

import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import typst

from bot.core.errors import RenderError
from bot.render.printable import printable
from bot.render.sheet.engraving import engraved
from bot.render.sheet.layout import WIDE
from bot.render.sheet.raster import font_folder
from model.music.abc_reader import parse
from model.music.key import Key

_TEMPLATE = Path(__file__).with_name("tunebook.typ")
_PAGE = WIDE._replace(width=2120)  # staves 5.9 mm high, and three usual tunes on a page
_PAPER = 174.0  # millimetres of paper that it takes
_TALLEST = 232.0  # millimetres; what is taller is drawn smaller


def pdf(book: dict[str, Any]) -> bytes:
    """A book on A4: {"title", "subtitle", "note", "tunes": [{"abc", "source"}, …]}; `source` is printed beside the key.

    Raises RenderError or InputError for text that is no tune, or cannot be engraved.
    """
    files: dict[str, bytes] = {"main": _TEMPLATE.read_bytes()}
    tunes = []
    for number, entry in enumerate(book["tunes"], start=1):
        tune = parse(entry["abc"])
        tune = replace(tune, title=printable(tune.title), rhythm=printable(tune.rhythm))
        music, height = engraved(tune, _PAGE)
        files[f"{number}.svg"] = music.encode()
        tunes.append(
            {
                "number": number,
                "title": tune.title,
                "rhythm": tune.rhythm,
                "key": _printed(tune.key),
                "file": f"{number}.svg",
                "height": round(min(_TALLEST, height * _PAPER / _PAGE.width), 2),
                "alt": f"Sheet music of {tune.title}",
                "source": printable(entry["source"]),
            }
        )
    words = {name: printable(book[name]) for name in ("title", "subtitle", "note")}
    files["book.json"] = json.dumps({**words, "tunes": tunes}).encode()
    return _typeset(files)


def _typeset(files: dict[str, bytes]) -> bytes:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", typst.TypstWarning)  # about characters that no font has
            compile_files: Any = typst.compile  # its stub lacks files by name
            made: bytes = compile_files(files, font_paths=[font_folder()], ignore_system_fonts=True)
    except typst.TypstError as error:
        raise RenderError(f"the book cannot be set: {error}") from error
    return made


def _printed(key: Key) -> str:
    """A key as books print it: `F♯ minor`."""
    tonic, _, mode = key.name.partition(" ")
    return f"{tonic[0]}{tonic[1:].replace('#', '♯').replace('b', '♭')} {mode}"
