"""Builds the corpus: tunes of all sources repaired, checked, normalized, de-duplicated and split, and a report."""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from model.corpus.duplicates import duplicate_groups
from model.corpus.rhythms import rhythm_of
from model.corpus.sources import Source
from model.encoding.tokenizer import LONGEST_BAR, NormalizedTune, encode, spelled_on_c, ticks
from model.encoding.vocabulary import Vocabulary
from model.errors import NotationError
from model.music.abc_file import TuneText
from model.music.abc_header import NO_TONIC
from model.music.abc_reader import BEHIND, parse
from model.music.parts import Part, parts_of
from model.music.rhythm import RHYTHMS
from model.music.tune import Tune

LEAST_USES = 3  # tunes that a token must be in; rarer ones are typing mistakes or too few to learn from
LONGEST_TUNE = 512  # tokens
HELD_OUT, VALIDATION = range(5), range(5, 10)  # percent of the groups of duplicates, by hash
KEPT = "kept"
RARE = "a note or metre hardly any other tune has"
COPY = "an exact copy"
_UNWANTED = {  # what the reader left out -> why such a tune is not learned from
    "key change": "a key change inside the tune",
    "metre change": "a metre change inside the tune",
    NO_TONIC: "a key without a tonic",
    BEHIND: "music behind an empty line",
    "percussion clef": "percussion",
}
_METRES = {"C": "4/4", "C|": "4/4", "2/2": "4/4"}
_FITTING = {  # bar lengths a rhythm is written in, after normalising
    "jig": {Fraction(3, 4)},
    "slip jig": {Fraction(9, 8)},
    "reel": {Fraction(1)},
    "hornpipe": {Fraction(1)},
    "strathspey": {Fraction(1)},
    "polka": {Fraction(1, 2)},
    "waltz": {Fraction(3, 4)},
}


@dataclass
class Fate:
    """What became of a tune of a source: kept, or why it was not. `title` is empty where it could not be read.

    `place` is where in its text the reason stands, as in `line 6, column 3`, where it has a place.
    """

    source: str
    text: TuneText
    title: str = ""
    reason: str = KEPT
    place: str = ""


@dataclass
class Report:
    """What became of the tunes in reading order; by source, how often each rule repaired one, and how many are
    duplicates of another.

    `left_out` counts what the reader of ABC leaves out of tunes on purpose, by kind: decorations, grace notes, ….
    """

    fates: list[Fate] = field(default_factory=list)
    repaired: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    duplicates: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)

    @property
    def read(self) -> Counter[str]:
        """Tunes by source."""
        return Counter(fate.source for fate in self.fates)

    @property
    def kept(self) -> Counter[str]:
        return Counter(fate.source for fate in self.fates if fate.reason == KEPT)

    @property
    def dropped(self) -> dict[str, Counter[str]]:
        """By source, how many tunes were not kept for each reason."""
        reasons: dict[str, Counter[str]] = defaultdict(Counter)
        for fate in self.fates:
            if fate.reason != KEPT:
                reasons[fate.source][fate.reason] += 1
        return reasons

    def commonest_reason(self) -> str:
        """How many tunes were read and why most of them were not kept, for the message where none was."""
        reasons = sum(self.dropped.values(), Counter[str]())
        why = "".join(f"; of {len(self.fates)} read, most often: {reason}" for reason, _ in reasons.most_common(1))
        return why or ": no tune has a K: field and notes"


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
    fate: Fate | None = field(default=None, repr=False, compare=False)
    group: int = -1
    split: str = "train"


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


def build(sources: Iterable[Source], known: Container[str] = (), least_uses: int = LEAST_USES) -> Corpus:
    """The corpus of `sources`. Raises InputError where one cannot be read.

    A tune with a token that stands in fewer than `least_uses` tunes, and is not `known`, is left out.
    """
    report = Report()
    tunes = [tune for source in sources for tune in _normalised(source, report)]
    tunes = _without_rare_tokens(tunes, known, least_uses)
    return Corpus(tuple(_split(tunes, report)), report)


def _normalised(source: Source, report: Report) -> Iterator[CorpusTune]:
    for text in source.tunes():
        fate = Fate(source.name, text)
        report.fates.append(fate)
        rules: list[str] = []
        try:
            tune = parse(text)
            fate.title = tune.title
            report.left_out.update(tune.dropped)
            corpus_tune = normalise(tune, text.text, source.name, rules)
        except NotationError as error:
            fate.reason, fate.place = reason_of(error), error.place
            continue
        report.repaired[source.name].update(set(rules))
        yield replace(corpus_tune, fate=fate)


def reason_of(error: NotationError) -> str:
    """The name of an error's kind: its words, where it has none, without what they quote and count."""
    if error.kind:
        return error.kind
    words = re.sub(r"\d+(/\d+)?", "n", re.sub(r"'[^']*'|\"[^\"]*\"|\([^)]*\)", "…", error.reason))
    return f"not readable as ABC: {words}" if error.line else words


def normalise(tune: Tune, text: str, source: str, repairs: list[str]) -> CorpusTune:
    """`tune`, read from `text`, as the network learns it; the rules that repaired it are added to `repairs`.

    Raises NotationError with the reason for a tune that cannot be learned from.
    """
    for kind, reason in _UNWANTED.items():
        if kind in tune.dropped:
            raise NotationError(reason)
    if tune.metre.free:
        raise NotationError("no metre")
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


def _without_rare_tokens(tunes: Sequence[CorpusTune], known: Container[str], least_uses: int) -> list[CorpusTune]:
    kept: list[CorpusTune] = []
    passed = list(tunes)
    while len(passed) != len(kept):
        kept = passed
        uses = Counter(token for tune in kept for token in set(tune.tokens))
        rare = {token for token, count in uses.items() if count < least_uses and token not in known}
        passed = [tune for tune in kept if rare.isdisjoint(tune.tokens)]
        if len(passed) < 50:  # in a small corpus of a user's own every token is rare
            return list(tunes)
    staying = {id(tune) for tune in kept}
    for tune in tunes:
        if id(tune) not in staying:
            _drop(tune, RARE)
    return kept


def _drop(tune: CorpusTune, reason: str) -> None:
    if tune.fate:
        tune.fate.reason = reason


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
            _drop(tune, COPY)
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
