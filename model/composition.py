"""Prompt -> the rules of its grammar, and a song's tokens -> the finished Tune in the key asked for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from model.abc_reader import parse
from model.errors import InputError, NotationError
from model.form import Notes, with_parts
from model.grammar import Rules, pickup_ticks
from model.jobs import Prompt
from model.key import LETTERS, Key
from model.notation import Note, Tune, transpose, transpose_pitch
from model.rhythm import RHYTHMS, Rhythm
from model.tokens import MEAN_PITCH, decode, merge_ties, note_token, ticks
from model.vocabulary import Vocabulary

LOWEST, HIGHEST = 55, 83  # MIDI: the fiddle's first position and the fourth finger on its top string, G3 to B5
_CENTRE = 69
_QUOTED = re.compile(r"\"[^\"]*\"|![^!]*!|\[[A-Za-z]:[^]]*\]|%.*")
_UNDEFINED = re.compile(r"[h-tw]|[I-KNQRU-W]")  # letters that ABC gives no meaning: words, not music
USUAL_MEAN = 71  # MIDI: the corpus' tunes lie around B4


@dataclass(frozen=True)
class Move:
    """The interval from tonic C, as the network spells tunes, to a key: letters and semitones."""

    steps: int
    semitones: int

    @classmethod
    def to(cls, key: Key) -> "Move":
        """To `key`, in the octave where the corpus' tunes lie best under a fiddler's hand."""
        semitones = (0, 2, 4, 5, 7, 9, 11)[key.step] + key.alter
        octave = min((-1, 0, 1), key=lambda o: abs(MEAN_PITCH + semitones + 12 * o - _CENTRE))
        return cls(key.step + 7 * octave, semitones + 12 * octave)

    def notes(self, notes: Notes, back: bool = False) -> Notes:
        sign = -1 if back else 1
        return tuple(
            note._replace(pitch=transpose_pitch(note.pitch, sign * self.steps, sign * self.semitones))
            if note.pitch
            else note
            for note in notes
        )


def header(prompt: Prompt, vocabulary: Vocabulary) -> tuple[str, ...]:
    """The header tokens that ask the network for `prompt`. Raises InputError for what it never learned."""
    rhythm = RHYTHMS[prompt.rhythm]
    form = f"F:{prompt.form.parts}"
    tokens = (
        f"R:{rhythm.name}",
        f"M:{_metre_name(rhythm)}",
        f"K:{prompt.key.mode or 'maj'}",
        form if form in vocabulary.ids else "F:other",
    )
    for token, asked in zip(
        tokens[:3], (f"rhythm {rhythm.name}", f"rhythm {rhythm.name}", prompt.key.name), strict=True
    ):
        if token not in vocabulary.ids:
            raise InputError(f"this model never learned {asked}; ask for another")
    if f"bars={prompt.form.bars}" not in vocabulary.ids:
        raise InputError(f"this model never learned parts of {prompt.form.bars} bars; ask for another form")
    return tokens


def _metre_name(rhythm: Rhythm) -> str:
    return "4/4" if rhythm.metre.length == 1 else str(rhythm.metre)


def rules(prompt: Prompt, vocabulary: Vocabulary) -> Rules:
    """The grammar of what `prompt` asks for."""
    move = Move.to(prompt.key)
    return Rules(
        header(prompt, vocabulary),
        ticks(RHYTHMS[prompt.rhythm].metre.length),
        prompt.form,
        LOWEST - move.semitones,
        HIGHEST - move.semitones,
    )


def opening_tokens(prompt: Prompt, vocabulary: Vocabulary) -> list[str]:
    """The tokens that `prompt.opening` begins the tune with: its pickup and its notes. Empty without an opening.

    Raises InputError, naming the bar, for what is not ABC or cannot begin such a tune.
    """
    if not prompt.opening:
        return []
    rhythm = RHYTHMS[prompt.rhythm]
    try:
        tune = parse(_as_tune(prompt.opening, rhythm, prompt.key))
    except NotationError as error:
        raise InputError(f"the opening is not ABC that can be read: {str(error).removeprefix('line 4: ')}") from error
    if tune.metre.length != rhythm.metre.length:
        raise InputError(f"the opening is in {tune.metre}; a {rhythm.name} is in {rhythm.metre}")
    if tune.key.signature != prompt.key.signature:
        raise InputError(f"the opening is in {tune.key}; the tune is to be in {prompt.key}: write it in that key")
    for kind in ("chord", "key change", "metre change"):
        if tune.dropped.get(kind):
            raise InputError(f"the opening has a {kind}: give single notes in one key and metre")
    if any((bar.start_repeat and i) or bar.end_repeat or bar.ending for i, bar in enumerate(tune.bars)):
        raise InputError("the opening has repeats or endings: give a few bars only, the form adds the rest")
    if len(tune.bars) > prompt.form.bars:
        raise InputError(f"the opening has {len(tune.bars)} bars; a part has {prompt.form.bars}")
    return _opening_of(tune, prompt, vocabulary)


def _as_tune(opening: str, rhythm: Rhythm, key: Key) -> str:
    if any(line[1:2] == ":" and line[:1].isalpha() for line in opening.splitlines()):
        return opening  # a whole tune with its own header
    if stray := _UNDEFINED.search(_QUOTED.sub("", opening)):
        raise NotationError(f"{stray[0]!r} is no note")
    return f"M:{rhythm.metre}\nL:1/8\nK:{key}\n{opening}"


def _opening_of(tune: Tune, prompt: Prompt, vocabulary: Vocabulary) -> list[str]:
    full = RHYTHMS[prompt.rhythm].metre.length
    tokens: list[str] = []
    for number, bar in enumerate(tune.bars):
        first, last = number == 0, number == len(tune.bars) - 1
        if bar.length > full or (bar.length < full and not first and not last):
            raise InputError(
                f"bar {number + 1} of the opening is {bar.length} long; a {prompt.rhythm} has {full} a bar"
            )
        if first:
            short = bar.length < full and (not last or prompt.opening.rstrip().endswith("|"))
            tokens.append(f"pickup={bar.length * 8 if short else 0}")
        tokens += [_known(note, number, prompt.key, vocabulary) for note in merge_ties(bar.notes)]
        if bar.length == full or (first and tokens[0] != "pickup=0"):
            tokens.append("|")
    if tokens[0] not in vocabulary.ids or pickup_ticks(tokens[0]) % 3:
        raise InputError("the opening's first bar is no pickup that tunes begin with: fill it or shorten it")
    return tokens


def _known(note: Note, number: int, key: Key, vocabulary: Vocabulary) -> str:
    try:
        token = note_token(Move.to(key).notes((note,), back=True)[0], Key(0, 0, key.mode))
    except NotationError as error:
        raise InputError(f"bar {number + 1} of the opening: {error}") from error
    if note.pitch and not LOWEST <= note.pitch.midi <= HIGHEST:
        raise InputError(f"bar {number + 1} of the opening has a note outside a fiddle's range, G3 to B5 (G, to b)")
    if token not in vocabulary.ids:
        name = f"note ({LETTERS[note.pitch.step]})" if note.pitch else "rest"
        raise InputError(f"bar {number + 1} of the opening has a {name} of a kind the model never saw in {key.name}")
    return token


def tune_of(tokens: Sequence[str], prompt: Prompt, title: str) -> Tune:
    """The Tune that `tokens` spell, in the prompt's key and the rhythm's metre and tempo."""
    rhythm = RHYTHMS[prompt.rhythm]
    move = Move.to(prompt.key)
    parts = [
        replace(
            part,
            pickup=move.notes(part.pickup),
            bars=tuple(map(move.notes, part.bars)),
            endings=tuple(tuple(map(move.notes, ending)) for ending in part.endings),
        )
        for part in decode(tokens).parts
    ]
    if prompt.form.parts == "AABA":  # the last A is the first one again, so it was not composed
        parts.append(parts[0].unrepeated())
    blank = Tune(
        title=title,
        key=prompt.key,
        metre=rhythm.metre,
        bars=(),
        rhythm=rhythm.name,
        unit_length=Fraction(1, 8),
        tempo=(rhythm.beat, rhythm.tempo),
    )
    tune = with_parts(blank, parts)
    return tune if prompt.opening else transpose(tune, tune.key, _octaves(tune))


def _octaves(tune: Tune) -> int:
    """By how many octaves to move `tune` to lie best on a fiddle: inside its range, its mean as in the books."""
    sounding = [pitch.midi for pitch in tune.pitches]
    fits = [o for o in (-1, 0, 1) if min(sounding) + 12 * o >= LOWEST and max(sounding) + 12 * o <= HIGHEST]
    mean = sum(sounding) / len(sounding)
    return min(fits, key=lambda o: abs(mean + 12 * o - USUAL_MEAN), default=0)


def plain_title(prompt: Prompt) -> str:
    """A plain name in the tradition's manner; the same for the same prompt."""
    return f"Tunesmith's {prompt.rhythm.title()} No. {prompt.seed}"
