"""The opening of a prompt, ABC to begin with or to vary: read, checked, transposed, spelled as tokens.

ABC without a header is read in the prompt's key and metre, with notes of an eighth. With one (`K:` at least, on lines
of its own, as `[K:D]` before the notes, or all in one line with them) it has to be in the prompt's key, or, where the
prompt says `transpose`, in another key of the same mode. Between keys of one signature (G major, E minor) notes are
not transposed.
"""

from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

from model.encoding.tokenizer import MEAN_PITCH, merge_ties, note_token
from model.encoding.transposition import HIGHEST, LOWEST, Transposition
from model.encoding.vocabulary import Vocabulary
from model.errors import InputError, NotationError
from model.music.abc_header import NO_TONIC, Setting
from model.music.abc_reader import parse
from model.music.key import LETTERS, MODE_NAMES, NATURAL, Key
from model.music.rhythm import RHYTHMS, Rhythm
from model.music.spelling import usual
from model.music.tune import Note, Tune, transpose
from model.prompt import Prompt
from model.sampling.grammar import pickup_ticks

_NOT_ALONE = ("chord", "key change", "metre change")


def opening_tune(prompt: Prompt) -> Tune:
    """`prompt.opening`, which is not empty, as a tune in the prompt's key, in its metre and inside the range.

    Raises InputError, which names the bar, for what cannot be read or transposed so.
    """
    return _read(prompt.opening, prompt.rhythm, prompt.key, prompt.transpose)


@lru_cache(maxsize=64)  # a prompt's is needed for its rules, its tokens and its tune
def _read(text: str, rhythm_name: str, key: Key, may_transpose: bool) -> Tune:
    rhythm = RHYTHMS[rhythm_name]
    tune = _parsed(text, rhythm, key)
    if tune.metre.length != rhythm.metre.length:
        article = "an" if rhythm.name[0] in "aeiou" else "a"
        raise InputError(f"the opening is in {tune.metre}; {article} {rhythm.name} is in {rhythm.metre}")
    tune = _in_key(tune, key, may_transpose)
    for number, bar in enumerate(tune.bars, start=1):
        if any(note.pitch and not LOWEST <= note.pitch.midi <= HIGHEST for note in bar.notes):
            raise InputError(f"bar {number} of the opening has a note outside a fiddle's range, G3 to B5 (G, to b)")
    return tune


def _parsed(text: str, rhythm: Rhythm, key: Key) -> Tune:
    try:
        tune = parse(text, Setting(key, rhythm.metre, Fraction(1, 8)))
    except NotationError as error:
        place = str(error) if "\n" in text.strip() else str(error).removeprefix("line 1, ")
        raise InputError(f"the opening is not ABC that can be read: {place}") from error
    for remark in tune.remarks:
        if remark.kind in _NOT_ALONE:
            raise InputError(
                f"bar {remark.bar} of the opening has a {remark.kind}: give single notes in one key and metre"
            )
    if any(remark.kind == NO_TONIC for remark in tune.remarks):
        return replace(tune, key=key)  # K:none: its notes are what they are in any key
    return tune


def _in_key(tune: Tune, key: Key, may_transpose: bool) -> Tune:
    """`tune` transposed to `key` by the smallest interval that keeps it in the range. Raises InputError."""
    if tune.key.signature == key.signature:
        return tune
    given = f"the opening is in {tune.key}; the tune is to be in {key}"
    if tune.key.mode != key.mode:
        modes = f"{MODE_NAMES[tune.key.mode]} cannot be transposed to {MODE_NAMES[key.mode]}"
        raise InputError(f"{given}: {modes}, so write it in that key")
    if not may_transpose:
        raise InputError(f"{given}: write it in that key, or ask to have it transposed")
    up = NATURAL[key.step] + key.alter - NATURAL[tune.key.step] - tune.key.alter
    nearest_first = [transpose(tune, key, octaves) for octaves in sorted((-1, 0, 1), key=lambda o: abs(up + 12 * o))]
    fits = (one for one in nearest_first if all(LOWEST <= pitch.midi <= HIGHEST for pitch in one.pitches))
    return next(fits, nearest_first[0])


def transposition_for(prompt: Prompt, vocabulary: Vocabulary) -> Transposition:
    """From tonic C to the prompt's key, in the octave in which the vocabulary has a token for each note of its opening.

    Raises InputError, as `opening_tune`.
    """
    nearest = Transposition.to(prompt.key)
    bars = opening_tune(prompt).bars if prompt.opening else ()
    pitched = [note for bar in bars for note in merge_ties(bar.notes) if note.pitch]
    if not pitched:
        return nearest
    mean = sum(note.pitch.midi for note in pitched if note.pitch) / len(pitched)
    octaves = sorted((0, -1, 1), key=lambda o: abs(mean - nearest.up(o).semitones - MEAN_PITCH))
    # the mean pitch of a whole tune tells its octave on tonic C; that of a few notes does not
    octaves = octaves if prompt.vary else sorted(octaves, key=lambda o: o != 0)
    ways = [nearest.up(o) for o in octaves]
    return next((way for way in ways if all(_is_known(n, way, prompt.key, vocabulary) for n in pitched)), ways[0])


def _is_known(note: Note, transposition: Transposition, key: Key, vocabulary: Vocabulary) -> bool:
    try:
        return note_token(on_c(note, transposition, key, vocabulary), Key(0, 0, key.mode)) in vocabulary.ids
    except NotationError:
        return False


def on_c(note: Note, transposition: Transposition, key: Key, vocabulary: Vocabulary) -> Note:
    """`note` moved to tonic C, and written as it is usual there where the vocabulary has no other name.

    Raises NotationError for a length that no token has.
    """
    moved, mode = transposition.notes((note,), back=True)[0], Key(0, 0, key.mode)
    with suppress(NotationError):
        if note.pitch is None or note_token(moved, mode) in vocabulary.ids:
            return moved
    return moved._replace(pitch=usual(moved.pitch.midi, mode)) if moved.pitch else moved


def opening_tokens(prompt: Prompt, vocabulary: Vocabulary) -> list[str]:
    """The tokens of `prompt.opening`: the `pickup=` of the first part, notes and bar lines. Empty without an opening.

    Raises InputError, which names the bar, for what is not ABC or cannot begin such a tune.
    """
    if not prompt.opening:
        return []
    tune = checked_opening(prompt)
    tokens = _spelled(tune, prompt, vocabulary)
    if _full_bars(tune) == prompt.form.bars and tokens[-1] == "|":
        tokens.pop()  # the form decides what follows the part's last bar
    return tokens


def checked_opening(prompt: Prompt) -> Tune:
    """As `opening_tune`; InputError also for bars that cannot begin a tune of this form, whatever the model knows."""
    tune = opening_tune(prompt)
    if any((bar.start_repeat and i) or bar.end_repeat or bar.ending for i, bar in enumerate(tune.bars)):
        raise InputError("the opening has repeats or endings: give a few bars only, the form adds the rest")
    bars, full = _full_bars(tune), tune.metre.length
    if bars > prompt.form.bars:
        raise InputError(f"the opening has {bars} bars; a part has {prompt.form.bars}")
    whole = _closed(prompt) and bars != prompt.form.bars  # a part that has a pickup ends with a short bar
    for number, bar in enumerate(tune.bars, start=1):
        first, last = number == 1, number == len(tune.bars)
        if bar.length > full or (bar.length < full and not first and (not last or whole)):
            metre = RHYTHMS[prompt.rhythm].metre
            written = f"a {prompt.rhythm} has {metre.beats}/{metre.unit} a bar"
            raise InputError(f"bar {number} of the opening is {bar.length} long; {written}")
    return tune


def _full_bars(tune: Tune) -> int:
    """How many bars it has, without a pickup."""
    return len(tune.bars) - (len(tune.bars) > 1 and tune.bars[0].length < tune.metre.length)


def _closed(prompt: Prompt) -> bool:
    return prompt.opening.rstrip().endswith(("|", "|]"))


def _spelled(tune: Tune, prompt: Prompt, vocabulary: Vocabulary) -> list[str]:
    """Only the first bar may be short, as a pickup, and the last one: unfinished, or of a part that has a pickup."""
    transposition = transposition_for(prompt, vocabulary)
    full = RHYTHMS[prompt.rhythm].metre.length
    tokens: list[str] = []
    for number, bar in enumerate(tune.bars, start=1):
        first, last = number == 1, number == len(tune.bars)
        if first:
            short = bar.length < full and (not last or _closed(prompt))
            tokens.append(f"pickup={bar.length * 8 if short else 0}")
        tokens += [_known_token(note, transposition, prompt.key, vocabulary, number) for note in merge_ties(bar.notes)]
        if bar.length == full or (first and tokens[0] != "pickup=0"):
            tokens.append("|")
    check_pickup(tokens[0], vocabulary)
    return tokens


def check_pickup(token: str, vocabulary: Vocabulary) -> None:
    """Raises InputError for a `pickup=` token that is not in the vocabulary, or is no multiple of a 32nd."""
    if token not in vocabulary.ids or pickup_ticks(token) % 3:
        raise InputError("the opening's first bar is no pickup that tunes begin with: fill it or shorten it")


def _known_token(note: Note, transposition: Transposition, key: Key, vocabulary: Vocabulary, bar: int) -> str:
    """The token of a note of bar `bar`. Raises InputError where the vocabulary has none."""
    try:
        token = note_token(on_c(note, transposition, key, vocabulary), Key(0, 0, key.mode))
    except NotationError as error:
        raise InputError(f"bar {bar} of the opening: {error}") from error
    if token not in vocabulary.ids:
        name = f"note ({LETTERS[note.pitch.step]})" if note.pitch else "rest"
        raise InputError(f"bar {bar} of the opening has a {name} of a kind the model never saw in {key.name}")
    return token
