"""A tune's bars as parts with pickup, repeat and endings, their check, and the way back to bars.

A tune is well formed (design.md, section 4) when `parts_of` reads it: every bar is as long as the metre says, except a
part's pickup and last bar, which together make one, and repeats and endings balance.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain, pairwise

from model.errors import NotationError
from model.music.form import Form
from model.music.key import Key
from model.music.repairs import repaired_sections
from model.music.tune import Bar, Note, Tune

Notes = tuple[Note, ...]


@dataclass(frozen=True)
class Part:
    """A section of a tune. Each ending, like the last of `bars` where there are none, leaves room for the pickup."""

    pickup: Notes
    bars: tuple[Notes, ...]
    endings: tuple[tuple[Notes, ...], ...] = ()
    repeated: bool = False

    @property
    def length(self) -> int:
        """Bars, the pickup not counted, endings counted once."""
        return len(self.bars) + (len(self.endings[0]) if self.endings else 0)

    @property
    def written_bars(self) -> tuple[Notes, ...]:
        """The pickup, empty where there is none, the bars, and the bars of each ending."""
        return (self.pickup, *self.bars, *chain.from_iterable(self.endings))

    def each_bar(self, change: Callable[[Notes], Notes]) -> "Part":
        """The part with `change` applied to each of `written_bars`."""
        endings = tuple(tuple(map(change, ending)) for ending in self.endings)
        return Part(change(self.pickup), tuple(map(change, self.bars)), endings, self.repeated)

    def unrepeated(self) -> "Part":
        """The part as it sounds the last time."""
        return Part(self.pickup, self.bars + (self.endings[-1] if self.endings else ()))


def parts_of(tune: Tune, repaired: Callable[[str], None] | None = None) -> tuple[Part, ...]:
    """The parts of `tune`. Raises NotationError with the reason where bars, repeats or endings do not add up.

    With `repaired`, faults that leave one meaning are repaired, and it is called with the rule's name for each.
    """
    full = tune.metre.length
    written = sections(tune)
    if repaired is None:
        return tuple(_part(section, full, None) for section in written)
    written = _with_lone_pickups(written, full)
    used: list[str] = []
    try:
        parts = tuple(_part(section, full, used.append) for section in written)
    except NotationError as error:
        used.clear()
        try:
            parts = tuple(
                _part(section, full, used.append) for section in repaired_sections(written, full, used.append)
            )
        except NotationError:
            raise error from None
    for rule in used:
        repaired(rule)
    return parts


def _with_lone_pickups(sections: list[list[Bar]], full: Fraction) -> list[list[Bar]]:
    """A pickup that a repeat sign or double bar cut off goes to the part after it."""
    joined: list[list[Bar]] = []
    for section in sections:
        if joined and len(joined[-1]) == 1 and joined[-1][0].length < full and not joined[-1][0].end_repeat:
            lone = replace(joined[-1][0], double=False, start_repeat=section[0].start_repeat)
            joined[-1] = [lone, replace(section[0], start_repeat=False), *section[1:]]
        else:
            joined.append(section)
    return joined


def sections(tune: Tune) -> list[list[Bar]]:
    """Bars grouped by part: a part ends at a repeat sign, a double bar, or after its last ending."""
    sections: list[list[Bar]] = []
    current: list[Bar] = []
    for index, bar in enumerate(tune.bars):
        following = tune.bars[index + 1] if index + 1 < len(tune.bars) else None
        if bar.start_repeat and current:
            sections.append(current)
            current = []
        current.append(bar)
        in_ending = any(b.ending for b in current)
        ends = bar.end_repeat or bar.double
        if (
            ends
            and not (following and following.ending == 2)
            and not (in_ending and bar.double and not _second(current))
        ):
            sections.append(current)
            current = []
    if current:
        sections.append(current)
    return sections


def with_repeat_starts(tune: Tune) -> Tune:
    """`tune` with a repeat sign where each repeat begins: by default, behind the double bar or repeat before it.

    So programs agree that would else go back to another place (ABC 2.1, section 4.8, leaves it to them).
    """
    bars = [bar for section in sections(tune) for bar in _opened(section)]
    return replace(tune, bars=tuple(bars))


def _opened(section: list[Bar]) -> list[Bar]:
    if any(bar.start_repeat for bar in section) or not any(bar.end_repeat for bar in section):
        return section
    return [replace(section[0], start_repeat=True), *section[1:]]


def _second(bars: Sequence[Bar]) -> bool:
    return any(bar.ending == 2 for bar in bars)


def _part(section: list[Bar], full: Fraction, repaired: Callable[[str], None] | None) -> Part:
    marks = [(i, bar.ending) for i, bar in enumerate(section) if bar.ending]
    numbers = [number for _, number in marks]
    if numbers not in ([], [1, 2]):
        kind = "more than two endings" if numbers == list(range(1, len(numbers) + 1)) else ""
        raise NotationError(f"endings {numbers or ''} do not balance", kind=kind)
    groups = _groups(section, [i for i, _ in marks])
    if repaired:
        groups = [_joined(group, full, repaired) for group in groups]
    repeated = any(bar.end_repeat for bar in section) or any(bar.start_repeat for bar in section)
    if repeated and not any(bar.end_repeat for bar in section):
        if repaired is None:
            raise NotationError("a repeat is opened and not closed")
        repaired("repeat sign added")
    if marks and not repeated:
        raise NotationError("endings without a repeat")
    pickup, groups = _pickup(groups, full)
    body, endings = groups[0], tuple(tuple(group) for group in groups[1:])
    if marks and (not endings[0] or len(endings[0]) != len(endings[1])):
        raise NotationError("first and second ending differ in length")
    if repaired and pickup and _lasts_too_full(body, endings, full, _length(pickup)):
        pickup = ()  # played once, before the tune; the bars are whole without it
        repaired("pickup left out")
    room = full - _length(pickup)
    if marks:
        endings = tuple((*ending[:-1], _fitted(ending[-1], room, full, repaired)) for ending in endings)
    else:
        body = [*body[:-1], _fitted(body[-1], room, full, repaired)] if body else body
    part = Part(pickup, tuple(body), endings, repeated)
    _check(part, full)
    return part


def _groups(section: list[Bar], starts: list[int]) -> list[list[Notes]]:
    edges = [0, *starts, len(section)]
    return [[bar.notes for bar in section[a:b]] for a, b in pairwise(edges)]


def _length(notes: Notes) -> Fraction:
    return sum((note.length for note in notes), Fraction(0))


def _joined(bars: list[Notes], full: Fraction, repaired: Callable[[str], None]) -> list[Notes]:
    """Two short bars inside a part that make one were split by a line or double bar."""
    joined: list[Notes] = []
    for index, bar in enumerate(bars):
        inside = joined and not (len(joined) == 1 and index == len(bars) - 1)
        if inside and _length(joined[-1]) < full and _length(joined[-1]) + _length(bar) == full and len(joined) > 1:
            joined[-1] += bar
            repaired("split bar joined")
        else:
            joined.append(bar)
    return joined


def _pickup(groups: list[list[Notes]], full: Fraction) -> tuple[Notes, list[list[Notes]]]:
    first = groups[0][0] if groups[0] else ()
    if first and _length(first) < full and (len(groups[0]) > 1 or len(groups) > 1):
        return first, [groups[0][1:], *groups[1:]]
    return (), groups


def _lasts_too_full(body: list[Notes], endings: Sequence[Sequence[Notes]], full: Fraction, pickup: Fraction) -> bool:
    """Whether last bars are whole beside a pickup and end on a note too short to make room for it."""
    lasts = [ending[-1] for ending in endings if ending] or body[-1:]
    return all(_length(last) == full for last in lasts) and any(last[-1].length <= pickup for last in lasts)


def _fitted(last: Notes, room: Fraction, full: Fraction, repaired: Callable[[str], None] | None) -> Notes:
    """The last bar of a part or ending, its last note made to leave exactly the room that the pickup needs."""
    lacking = room - _length(last)
    if lacking == 0 or repaired is None or not last:
        return last
    final = last[-1]
    if abs(lacking) >= full / 2 or final.length + lacking <= 0 or (lacking < 0 and final.length <= -lacking):
        return last
    repaired("last note fitted to the pickup")
    return (*last[:-1], final._replace(length=final.length + lacking))


def _check(part: Part, full: Fraction) -> None:
    if part.length == 0:
        raise NotationError("a part without a full bar")
    room = full - _length(part.pickup)
    lines = [*part.endings] if part.endings else [part.bars]
    inner = part.bars if part.endings else part.bars[:-1]
    for number, bar in enumerate([*inner, *(bar for line in part.endings for bar in line[:-1])], start=1):
        if _length(bar) != full:
            raise NotationError(f"bar {number} of a part is {_length(bar)} long; the metre says {full}")
    for line in lines:
        if not line or _length(line[-1]) != room:
            raise NotationError("a part's pickup and last bar do not make one bar")


def label(parts: Sequence[Part]) -> str:
    """The form in letters: parts that sound alike share one, a repeated part doubles its own: `AABB`, `AABA`."""
    letters: dict[Part, str] = {}
    form = ""
    for part in parts:
        letter = letters.setdefault(part.unrepeated(), chr(ord("A") + len(letters) % 26))
        form += letter * (2 if part.repeated else 1)
    return form


def form_of(parts: Sequence[Part]) -> Form | None:
    """The supported form of `parts`, or None."""
    lengths = {part.length for part in parts}
    name = label(parts)
    if len(lengths) != 1 or name not in Form.FORMS or (bars := lengths.pop()) not in Form.BARS:
        return None
    return Form(name, bars)


def with_parts(tune: Tune, parts: Sequence[Part]) -> Tune:
    """`tune` with its bars replaced by those of `parts`."""
    bars: list[Bar] = []
    for part in parts:
        bars += _bars(part)
    bars[-1] = replace(bars[-1], double=True) if not bars[-1].end_repeat else bars[-1]
    return replace(tune, bars=tuple(bars))


def _bars(part: Part) -> list[Bar]:
    notes = [part.pickup, *part.bars] if part.pickup else list(part.bars)
    bars = [Bar(bar) for bar in notes]
    for number, ending in enumerate(part.endings, start=1):
        first = len(bars)
        bars += [Bar(bar) for bar in ending]
        bars[first] = replace(bars[first], ending=number)
        bars[-1] = replace(bars[-1], end_repeat=number == 1, double=number == 2)
    if part.repeated:
        bars[0] = replace(bars[0], start_repeat=True)
    if not part.endings:
        bars[-1] = replace(bars[-1], end_repeat=part.repeated, double=not part.repeated)
    return bars


def well_formed(tune: Tune, key: Key, form: Form) -> str:
    """Why `tune` is not well formed, in `key` and of `form`; empty where it is."""
    try:
        parts = parts_of(tune)
    except NotationError as error:
        return str(error)
    if tune.key != key:
        return f"in {tune.key}, not {key}"
    if form_of(parts) != form:
        return f"of form {label(parts)}, not {form}"
    pickups = {sum((note.length for note in part.pickup), Fraction(0)) for part in parts}
    if len(pickups) > 1:
        return "a part's last bar and the next part's pickup do not make one bar"
    last = tune.bars[-1].notes[-1].pitch
    if last is None or last.midi % 12 != key.tonic_class:
        return "does not end on the tonic"
    return ""
