"""Completion of the options of /compose: the values that begin as a member has typed."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from model.music.form import Form
from model.music.key import MODE_NAMES, Key, all_keys
from model.music.rhythm import RHYTHMS

_UNLEARNED_MODES = ("loc",)  # no tune in the corpus is in locrian
_COMMON_KEYS = ("D", "G", "A", "Edor", "Ador", "Em", "Am", "Bm", "Amix", "Dmix", "C", "F", "Gm", "Dm", "Ddor", "Gdor")
FORMS = {
    "AABB": "two parts, each repeated: the usual",
    "AABBCC": "three parts, each repeated",
    "AABA": "the first part comes home",
    "AB": "two parts, each once",
}
_MODE_SYNONYMS = {"": ("ionian",), "m": ("aeolian",)}
_SIGNS = ((re.compile(r"♯|(?<=[a-g])sh(a(rp?)?)?"), "#"), (re.compile(r"♭|(?<=[a-g])fl(at?)?"), "b"))


@dataclass(frozen=True)
class Offer:
    """A value of an option, as the parser reads it, and its name as members read it."""

    value: str
    name: str


@cache
def ordered_keys() -> tuple[Key, ...]:
    """Every key that the model composes in, the usual ones first."""
    known = {str(key): key for key in all_keys() if key.mode not in _UNLEARNED_MODES}
    others = [name for name in known if name not in _COMMON_KEYS]
    return tuple(known[name] for name in (*_COMMON_KEYS, *others))


def keys(typed: str, most: int) -> list[Offer]:
    """At most `most` keys by tonic and mode (`e do`, `F sharp min`, `b♭`) or by mode (`dorian`), usual ones first."""
    return _matching(_keys(), _sign(_squeezed(typed)), most)


def rhythms(typed: str, most: int) -> list[Offer]:
    """At most `most` rhythms, by any word of their names."""
    wanted = _squeezed(typed)
    return _matching(_rhythms(), wanted, most) or _matching(_rhythms(), wanted.removesuffix("s"), most)


def forms(typed: str, most: int) -> list[Offer]:
    """At most `most` forms: an order of parts and the bars of a part."""
    return _matching(_forms(), _squeezed(typed), most)


_Offers = tuple[tuple[Offer, tuple[str, ...], tuple[str, ...]], ...]  # each with its whole names, and words of them


def _matching(offers: _Offers, wanted: str, most: int) -> list[Offer]:
    """At most `most` offers: first those with the name `wanted`, then names, then words of names that begin so."""

    def rank(names: Iterable[str], words: Iterable[str]) -> int:
        if wanted in names:
            return 0
        if any(name.startswith(wanted) for name in names):
            return 1
        return 2 if any(word.startswith(wanted) for word in words) else 3

    ranked = [(rank(names, words), position) for position, (_, names, words) in enumerate(offers)]
    return [offers[position][0] for found, position in sorted(ranked) if found < 3][:most]


def _squeezed(text: str) -> str:
    return re.sub(r"[\s_-]+", "", text.lower())


def _sign(text: str) -> str:
    for written, sign in _SIGNS:
        text = written.sub(sign, text)
    return text


@cache
def _keys() -> _Offers:
    return tuple((Offer(str(key), written(key)), *_names(key)) for key in ordered_keys())


def _names(key: Key) -> tuple[tuple[str, ...], tuple[str, ...]]:
    modes = (MODE_NAMES[key.mode], *_MODE_SYNONYMS.get(key.mode, ()))
    tonic = key.tonic.lower()
    return (str(key).lower(), *(tonic + mode for mode in modes)), modes


def written(key: Key) -> str:
    """A key as musicians write it: `F♯ minor`."""
    tonic, _, mode = key.name.partition(" ")
    return f"{tonic[0]}{tonic[1:].replace('#', '♯').replace('b', '♭')} {mode}"


@cache
def _rhythms() -> _Offers:
    return tuple(
        (
            Offer(rhythm.name, f"{rhythm.name}, {rhythm.metre.beats}/{rhythm.metre.unit} time"),
            tuple(_squeezed(name) for name in (rhythm.name, *rhythm.aliases)),
            tuple(word for name in (rhythm.name, *rhythm.aliases) for word in name.split()),
        )
        for rhythm in RHYTHMS.values()
    )


@cache
def _forms() -> _Offers:
    bars = sorted(Form.BARS, key=lambda count: (count != Form().bars, count))  # the usual ones first
    return tuple(
        (Offer(f"{parts}:{count}", f"{parts}, {count} bars a part: {meaning}"), (f"{parts}:{count}".lower(),), ())
        for count in bars
        for parts, meaning in FORMS.items()
    )
