"""The tokens of a new tune that are given: an opening, the first part of a tune, or all of a tune but its endings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import NamedTuple

from model.encoding.part_plan import Plan, plans_of
from model.encoding.tokenizer import NormalizedTune, decode, encode, merge_ties, token_ticks
from model.encoding.vocabulary import Vocabulary
from model.errors import InputError, NotationError
from model.music.form import Form
from model.music.parts import Notes, Part, form_of, parts_of, well_formed
from model.music.rhythm import RHYTHMS
from model.music.tune import Tune
from model.prompt import Prompt
from model.sampling.detokenize import rules
from model.sampling.opening import check_pickup, on_c, opening_tokens, opening_tune, transposition_for

_HEADER = ("R:", "M:4/4", "K:maj", "F:")  # any will do: plans of parts do not depend on it
ENDING = 2  # bars composed anew at the end of a part that has no first and second ending


@dataclass(frozen=True)
class GivenTokens:
    """The token ids that are not drawn; GivenTokens() where nothing is given.

    `prefix` stands after the header of the first part: it begins with the `pickup=` token. `bars` maps (section, bar),
    counted as in grammar.Node with bar 0 the pickup, to the ids of that bar's notes and of the bar line after them, `|`
    or `[1`; bars of endings are not among them. `notes` counts the sounding notes of both. `plans` are those of the
    parts that are given whole, or but for their endings.
    """

    prefix: tuple[int, ...] = ()
    bars: Mapping[tuple[int, int], tuple[int, ...]] = field(default_factory=dict)
    notes: int = 0
    plans: tuple[Plan, ...] = ()

    def marks(self, tokens: Sequence[str]) -> list[bool]:
        """For each sounding note of a tune that was composed with these, `tokens`, whether it was given."""
        marks = [
            bar.ending == 0 and (bar.section, bar.number) in self.bars
            for bar in _bars(tokens)
            for _ in range(_sounding(bar.notes))
        ]
        first = 0 if self.bars else self.notes
        return [True] * first + marks[first:]


def given_tokens(prompt: Prompt, vocabulary: Vocabulary) -> GivenTokens:
    """Those of the prompt's opening, or of the tune that it varies.

    Raises InputError for an opening that cannot begin such a tune, and for a tune to vary that is not of the prompt's
    key, rhythm and form, is not well formed, or has notes that are not in the vocabulary.
    """
    if not prompt.vary:
        opening = opening_tokens(prompt, vocabulary)
        first = decode([*_HEADER, "[|", "", *opening]).parts if opening else ()
        whole = bool(first) and first[0].length == prompt.form.bars
        return _given(opening, {}, vocabulary, plans_of(first) if whole else ())
    parts = _parts(prompt, vocabulary)
    tokens = _tokens(parts, prompt, vocabulary)
    plans = plans_of(decode([*_HEADER, *tokens]).parts)
    if prompt.vary == "parts":
        kept_part = list(takewhile(lambda token: token not in ("|:", "[|", "|]"), tokens[2:]))
        return _given(kept_part, {}, vocabulary, plans[:1])
    last_kept = [len(part.bars) if part.endings else len(part.bars) - ENDING for part in parts]
    bars = {
        (bar.section, bar.number): (*bar.notes, bar.line)
        for bar in _bars(tokens)
        if not bar.ending and bar.number <= last_kept[bar.section]
    }
    return _given(tokens[2:3], bars, vocabulary, plans)


def unchanged(tune: Tune, prompt: Prompt) -> bool:
    """Whether a variation is no other than the tune it varies, as happens at a low temperature."""
    return bool(prompt.vary) and parts_of(tune) == parts_of(opening_tune(prompt))


def _form(tune: Tune) -> Form | None:
    try:
        return form_of(parts_of(tune))
    except NotationError:
        return None


def _given(
    prefix: Sequence[str],
    bars: Mapping[tuple[int, int], Sequence[str]],
    vocabulary: Vocabulary,
    plans: tuple[Plan, ...],
) -> GivenTokens:
    notes = _sounding(prefix) + sum(map(_sounding, bars.values()))
    ids = {bar: tuple(vocabulary.encode(tokens)) for bar, tokens in bars.items()}
    return GivenTokens(tuple(vocabulary.encode(prefix)), ids, notes, plans)


def _sounding(tokens: Sequence[str]) -> int:
    return sum(token_ticks(token) > 0 and not token.startswith("z") for token in tokens)


class _Bar(NamedTuple):
    """A bar in a tune's tokens: where it stands, its notes, and the bar line after it; empty where a part ends."""

    section: int
    number: int
    ending: int
    notes: tuple[str, ...]
    line: str


def _bars(tokens: Sequence[str]) -> Iterator[_Bar]:
    section, number, ending, first = -1, 0, 0, 0
    notes: list[str] = []
    for token in (*tokens, "|]"):
        if token in ("|:", "[|", "|]"):
            if notes:
                yield _Bar(section, number, ending, tuple(notes), "")
            section, ending, notes = section + 1, 0, []
        elif token.startswith("pickup="):
            number = 1 if token == "pickup=0" else 0
        elif token in ("|", "[1", "[2"):
            yield _Bar(section, number, ending, tuple(notes), token)
            number, notes = number + 1, []
            if token == "[1":
                ending, first = 1, number
            elif token == "[2":
                ending, number = 2, first
        elif token_ticks(token):
            notes.append(token)


def _refusal(reason: str) -> InputError:
    return InputError(f"the tune that was given cannot be varied: {reason}")


def _parts(prompt: Prompt, vocabulary: Vocabulary) -> list[Part]:
    """The different parts of the tune to vary, in the repeats of its form. Raises InputError."""
    tune = opening_tune(prompt)
    if (form := _form(tune)) not in (None, prompt.form):
        raise _refusal(f"of form {form}, not {prompt.form}")
    if wrong := well_formed(tune, prompt.key, prompt.form):
        raise _refusal(wrong)
    parts: list[Part] = []
    for part in parts_of(tune):
        if parts and part == parts[-1] and not part.repeated:
            parts[-1] = replace(part, repeated=True)  # its repeat was written out
        else:
            parts.append(part)
    sections = rules(prompt, vocabulary).sections
    parts = parts[: len(sections)]
    if tuple(part.repeated for part in parts) != sections:
        raise _refusal("its parts are not repeated as usual")
    if any(2 * len(ending) > prompt.form.bars for part in parts for ending in part.endings):
        raise _refusal("its endings are longer than half a part")
    return parts


def _tokens(parts: Sequence[Part], prompt: Prompt, vocabulary: Vocabulary) -> list[str]:
    """The tokens of the parts, from the first `|:` or `[|` on. Raises InputError for one not in the vocabulary."""
    rhythm, transposition = RHYTHMS[prompt.rhythm], transposition_for(prompt, vocabulary)

    def moved(notes: Notes) -> Notes:
        return tuple(on_c(note, transposition, prompt.key, vocabulary) for note in merge_ties(notes))

    spelled = tuple(part.each_bar(moved) for part in parts)
    try:
        tokens = encode(NormalizedTune(rhythm.name, rhythm.metre.length, "", prompt.key.mode, spelled))[4:]
    except NotationError as error:
        raise _refusal(str(error)) from error
    check_pickup(tokens[2], vocabulary)
    for bar in _bars(tokens):
        where = f"bar {bar.number} of part {'ABC'[bar.section]}"
        position = 0
        for note in bar.notes:
            if note not in vocabulary.ids:
                raise _refusal(f"{where} has a note or rest of a kind the model never saw in {prompt.key.name}")
            if position % 3 and token_ticks(note) % 3 == 0:
                raise _refusal(f"{where} has a triplet that is not filled")
            position += token_ticks(note)
    return tokens
