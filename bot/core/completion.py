"""What a member can mean who has typed so much of a key, a rhythm or a form."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from model.music.form import Form
from model.music.key import MODE_NAMES, Key, all_keys
from model.music.rhythm import RHYTHMS

UNLEARNED = ("loc",)  # no tune in the books is in locrian
COMMON_KEYS = ("D", "G", "A", "Edor", "Ador", "Em", "Am", "Bm", "Amix", "Dmix", "C", "F", "Gm", "Dm", "Ddor", "Gdor")
FORMS = {
    "AABB": "two parts, each repeated: the usual",
    "AABBCC": "three parts, each repeated",
    "AABA": "the first part comes home",
    "AB": "two parts, each once",
}
_ALSO = {"": ("ionian",), "m": ("aeolian",)}
_SIGNS = ((re.compile(r"♯|(?<=[a-g])sh(a(rp?)?)?"), "#"), (re.compile(r"♭|(?<=[a-g])fl(at?)?"), "b"))


@dataclass(frozen=True)
class Offer:
    """A value that can be asked for, as the parser reads it and as people read it."""

    value: str
    name: str


def keys(typed: str, most: int) -> list[Offer]:
    """Keys: by tonic and mode (`e do`, `F sharp min`, `b♭`), or by mode alone (`dorian`), the usual ones first."""
    return _matching(_keys(), _sign(_squeezed(typed)), most)


def rhythms(typed: str, most: int) -> list[Offer]:
    """Rhythms, by any word of their names."""
    wanted = _squeezed(typed)
    return _matching(_rhythms(), wanted, most) or _matching(_rhythms(), wanted.removesuffix("s"), most)


def forms(typed: str, most: int) -> list[Offer]:
    """Orders of parts, each with the bars that a part may have."""
    return _matching(_forms(), _squeezed(typed), most)


_Found = tuple[tuple[Offer, tuple[str, ...], tuple[str, ...]], ...]  # names from their start, and later words of them


def _matching(offers: _Found, wanted: str, most: int) -> list[Offer]:
    """The offers of which a name is what is wanted; then those that begin so; then those of which a later word does."""

    def rank(names: Iterable[str], words: Iterable[str]) -> int:
        if wanted in names:
            return 0
        if any(name.startswith(wanted) for name in names):
            return 1
        return 2 if any(word.startswith(wanted) for word in words) else 3

    ranked = [(rank(names, words), at) for at, (_, names, words) in enumerate(offers)]
    return [offers[at][0] for found, at in sorted(ranked) if found < 3][:most]


def _squeezed(text: str) -> str:
    return re.sub(r"[\s_-]+", "", text.lower())


def _sign(text: str) -> str:
    for written, sign in _SIGNS:
        text = written.sub(sign, text)
    return text


@cache
def _keys() -> _Found:
    known = {str(key): key for key in all_keys() if key.mode not in UNLEARNED}
    order = [*COMMON_KEYS, *(name for name in known if name not in COMMON_KEYS)]
    return tuple((Offer(name, written(known[name])), *_names(known[name])) for name in order)


def _names(key: Key) -> tuple[tuple[str, ...], tuple[str, ...]]:
    modes = (MODE_NAMES[key.mode], *_ALSO.get(key.mode, ()))
    tonic = key.tonic.lower()
    return (str(key).lower(), *(tonic + mode for mode in modes)), modes


def written(key: Key) -> str:
    """A key as people write it: `F♯ minor`."""
    tonic, _, mode = key.name.partition(" ")
    return f"{tonic[0]}{tonic[1:].replace('#', '♯').replace('b', '♭')} {mode}"


@cache
def _rhythms() -> _Found:
    return tuple(
        (
            Offer(rhythm.name, f"{rhythm.name}, {rhythm.metre.beats}/{rhythm.metre.unit} time"),
            tuple(_squeezed(name) for name in (rhythm.name, *rhythm.aliases)),
            tuple(word for name in (rhythm.name, *rhythm.aliases) for word in name.split()),
        )
        for rhythm in RHYTHMS.values()
    )


@cache
def _forms() -> _Found:
    bars = sorted(Form.BARS, key=lambda count: (count != Form().bars, count))  # the usual ones first
    return tuple(
        (Offer(f"{parts}:{count}", f"{parts}, {count} bars a part: {meaning}"), (f"{parts}:{count}".lower(),), ())
        for count in bars
        for parts, meaning in FORMS.items()
    )
