"""Builds the corpus: tunes of all sources repaired, checked, normalized, de-duplicated and split, and a report."""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from model.corpus.duplicates import duplicate_groups
from model.corpus.sources import Source
from model.encoding.tokenizer import LONGEST_BAR, NormalizedTune, encode, spelled_on_c, ticks
from model.encoding.vocabulary import Vocabulary
from model.errors import NotationError
from model.music.abc_reader import parse
from model.music.parts import Part, parts_of
from model.music.rhythm import RHYTHMS
from model.music.tune import Tune

LEAST_USES = 3  # tunes a token must stand in; rarer ones are typing mistakes or too few to learn from
LONGEST_TUNE = 512  # tokens
HELD_OUT, VALIDATION = range(5), range(5, 10)  # percent of the groups of duplicates, by hash
_METRES = {"C": "4/4", "C|": "4/4", "2/2": "4/4"}
_WORDS = {  # in titles, R: fields and Cobb's ids -> rhythm
    "slipjig": "slip jig",
    "slip jig": "slip jig",
    "hop jig": "slip jig",
    "double jig": "jig",
    "hornpipe": "hornpipe",
    "clog": "hornpipe",
    "strathspey": "strathspey",
    "reel": "reel",
    "jig": "jig",
    "polka": "polka",
    "waltz": "waltz",
    "valse": "waltz",
    "march": "march",
    "quick step": "march",
    "quickstep": "march",
    "retreat": "march",
    "air": "air",
    "song": "air",
    "lament": "air",
    "slide": "slide",
    "fling": "strathspey",
}
_FITTING = {  # bar lengths a rhythm is written in, after normalising
    "jig": {Fraction(3, 4)},
    "slip jig": {Fraction(9, 8)},
    "reel": {Fraction(1)},
    "hornpipe": {Fraction(1)},
    "strathspey": {Fraction(1)},
    "polka": {Fraction(1, 2)},
    "waltz": {Fraction(3, 4)},
}


@dataclass(frozen=True)
class CorpusTune:
    """A tune ready to train on. `split` is train, validation or held-out.

    Near-duplicates share the number `group`. `rhythm_from` says how the rhythm was found: R, title, id or inferred.
    """

    normalized: NormalizedTune
    title: str
    source: str
    rhythm_from: str
    text: str = field(repr=False)
    tokens: tuple[str, ...] = field(default=(), repr=False)
    group: int = -1
    split: str = "train"


@dataclass
class Report:
    """Tunes by source: read, kept, duplicates of another; repaired, by rule; dropped, by reason.

    `left_out` counts what the reader of ABC leaves out of tunes on purpose, by kind: decorations, grace notes, ….
    """

    read: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    repaired: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    dropped: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    duplicates: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Corpus:
    """The tunes of all sources, in their order, and what became of those that were read."""

    tunes: tuple[CorpusTune, ...]
    report: Report

    def split(self, name: str) -> list[CorpusTune]:
        return [tune for tune in self.tunes if tune.split == name]

    def rhythms(self) -> Counter[str]:
        """How many tunes there are of each rhythm."""
        return Counter(tune.normalized.rhythm for tune in self.tunes)

    def vocabulary(self) -> Vocabulary:
        """The note vocabulary: every token of the corpus, sorted."""
        return Vocabulary("notes", tuple(sorted({token for tune in self.tunes for token in tune.tokens})))


def build(sources: Iterable[Source]) -> Corpus:
    """The corpus of `sources`. Raises InputError where one cannot be read."""
    report = Report()
    tunes = [tune for source in sources for tune in _normalised(source, report)]
    tunes = _without_rare_tokens(tunes, report)
    tunes = _split(tunes, report)
    report.kept.update(tune.source for tune in tunes)
    return Corpus(tuple(tunes), report)


def _normalised(source: Source, report: Report) -> Iterator[CorpusTune]:
    for text in source.texts():
        report.read[source.name] += 1
        rules: list[str] = []
        try:
            tune = parse(text)
            report.left_out.update(tune.dropped)
            corpus_tune = normalise(tune, text, source.name, rules)
        except NotationError as error:
            report.dropped[source.name][_reason(str(error))] += 1
            continue
        report.repaired[source.name].update(set(rules))
        yield corpus_tune


def _reason(message: str) -> str:
    if re.match(r"line \d+: ", message):
        return "not readable as ABC"
    return re.sub(r"\d+(/\d+)?", "n", message)


def normalise(tune: Tune, text: str, source: str, repairs: list[str]) -> CorpusTune:
    """`tune`, read from `text`, as the network learns it; the rules that repaired it are added to `repairs`.

    Raises NotationError with the reason for a tune that cannot be learned from.
    """
    for change in ("key change", "metre change"):
        if change in tune.dropped:
            raise NotationError(f"a {change} inside the tune")
    parts = parts_of(tune, repairs.append)
    rhythm, origin = rhythm_of(tune, text)
    metre = tune.metre.length
    name = _METRES.get(str(tune.metre), str(tune.metre))
    if rhythm in ("reel", "hornpipe", "strathspey") and name == "2/4" and _mean_length(tune) < Fraction(1, 10):
        parts, metre, name = tuple(map(_doubled, parts)), Fraction(1), "4/4"
        repairs.append("2/4 in sixteenths written as 4/4")
    if rhythm in _FITTING and metre not in _FITTING[rhythm]:
        rhythm, origin = "other", "inferred"
    if ticks(metre) > LONGEST_BAR:
        raise NotationError("a metre longer than 3/2")
    normalized = NormalizedTune(rhythm, metre, name, tune.key.mode, spelled_on_c(parts, tune.key))
    tokens = encode(normalized)
    if len(tokens) > LONGEST_TUNE:
        raise NotationError(f"longer than {LONGEST_TUNE} tokens")
    _check_tuplets(normalized)
    return CorpusTune(normalized, tune.title, source, origin, text, tuple(tokens))


def _mean_length(tune: Tune) -> Fraction:
    lengths = [note.length for note in tune.notes]
    return sum(lengths, Fraction(0)) / len(lengths)


def _doubled(part: Part) -> Part:
    return part.each_bar(lambda notes: tuple(note._replace(length=2 * note.length) for note in notes))


def _check_tuplets(tune: NormalizedTune) -> None:
    """Triplets fill plain lengths: inside one (off the grid of plain lengths) stand only notes of triplet length."""
    for part in tune.parts:
        for bar in part.written_bars:
            offset = 0
            for note in bar:
                length = ticks(note.length)
                if offset % 3 and length % 3 == 0:
                    raise NotationError("a triplet that does not fill its time")
                offset += length
            if offset % 3:
                raise NotationError("a triplet that does not fill its time")


def rhythm_of(tune: Tune, text: str) -> tuple[str, str]:
    """The rhythm, and where it was found: R (the field), id (Cobb's), title, or inferred from metre and note values."""
    cobb = re.search(r"^Z: id:dc-([a-z]+)-", text, re.MULTILINE)
    for words, origin in ((tune.rhythm, "R"), (cobb[1] if cobb else "", "id"), (_titles(text), "title")):
        found = _rhythm_in(words.lower())
        if found:
            return found, origin
    return _inferred(tune), "inferred"


def _titles(text: str) -> str:
    return " / ".join(re.findall(r"^T:\s*(.*?)\s*$", text, re.MULTILINE))


def _rhythm_in(text: str) -> str:
    for word, rhythm in _WORDS.items():
        if re.search(rf"\b{word}s?\b", text):
            return rhythm
    return ""


def _inferred(tune: Tune) -> str:
    notes_a_bar = sum(1 for _ in tune.notes) / max(1, len(tune.bars))
    length = tune.metre.length
    if length == Fraction(9, 8):
        return "slip jig"
    if str(tune.metre) == "6/8":
        return "jig" if notes_a_bar >= 4.5 else "air"
    if length == Fraction(1):
        return "reel" if notes_a_bar >= 6.4 else "air"
    if str(tune.metre) == "2/4":
        return "march" if notes_a_bar >= 4 else "air"
    return "air" if str(tune.metre) in ("3/4", "3/8") else "other"


def _without_rare_tokens(tunes: Sequence[CorpusTune], report: Report) -> list[CorpusTune]:
    kept: list[CorpusTune] = []
    passed = list(tunes)
    while len(passed) != len(kept):
        kept = passed
        uses = Counter(token for tune in kept for token in set(tune.tokens))
        passed = [tune for tune in kept if all(uses[token] >= LEAST_USES for token in tune.tokens)]
        if len(passed) < 50:  # in a small corpus of a user's own every token is rare
            return list(tunes)
    for source, count in (Counter(tune.source for tune in tunes) - Counter(tune.source for tune in kept)).items():
        report.dropped[source]["a note or metre hardly any other tune has"] = count
    return kept


def _split(tunes: Sequence[CorpusTune], report: Report) -> list[CorpusTune]:
    """Numbers the groups of duplicates, leaves out exact copies, and puts each group on one side of the split."""
    numbers = duplicate_groups([tune.normalized for tune in tunes])
    first: dict[int, CorpusTune] = {}
    seen: set[tuple[str, ...]] = set()
    result = []
    for tune, group in zip(tunes, numbers, strict=True):
        head = first.setdefault(group, tune)
        if head is not tune:
            report.duplicates[tune.source] += 1
        melody = tuple(tune.tokens[1:])
        if melody in seen:
            report.dropped[tune.source]["an exact copy"] += 1
            continue
        seen.add(melody)
        result.append(replace(tune, group=group, split=_side(head)))
    return result


def percentile(tune: CorpusTune, first: int = 0) -> int:
    """A number from 0 to 99 from the hash of the melody, by the eight hexadecimal digits from `first` on.

    Numbers of other digits are independent.
    """
    return int(hashlib.sha256(" ".join(tune.tokens[1:]).encode()).hexdigest()[first : first + 8], 16) % 100


def _side(head: CorpusTune) -> str:
    # decided by the first tune of a group, in source order, so that sources added later change no side
    percent = percentile(head)
    return "held-out" if percent in HELD_OUT else "validation" if percent in VALIDATION else "train"


def offered(corpus: Corpus) -> dict[str, int]:
    """How many tunes of each of RHYTHMS there are."""
    counts = corpus.rhythms()
    return {name: counts[name] for name in RHYTHMS}
