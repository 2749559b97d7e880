"""From a prompt to the rules of its grammar, and from tokens to the finished Tune in the prompt's key."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from model.encoding.tokenizer import NormalizedTune, decode, merge_ties, spelled_on_c, ticks
from model.encoding.transposition import HIGHEST, LOWEST, Transposition
from model.encoding.vocabulary import Vocabulary
from model.errors import InputError
from model.music.instruments import FIDDLE, INSTRUMENTS, Instrument
from model.music.key import Key
from model.music.parts import with_parts
from model.music.rhythm import RHYTHMS, Rhythm
from model.music.tune import Tune, transpose
from model.prompt import Prompt
from model.sampling.grammar import Rules
from model.sampling.opening import opening_tune, transposition_for

USUAL_MEAN = 71  # MIDI: the mean pitch of the corpus' tunes is about B4


def header(prompt: Prompt, vocabulary: Vocabulary) -> tuple[str, ...]:
    """The header tokens of a tune for `prompt`.

    Raises InputError for a rhythm, a mode or a length of parts that is not in the vocabulary.
    """
    rhythm = RHYTHMS[prompt.rhythm]
    form = f"F:{prompt.form.parts}"
    tokens = (
        f"R:{rhythm.name}",
        f"M:{_metre_name(rhythm)}",
        f"K:{prompt.key.mode or 'maj'}",
        form if form in vocabulary.ids else "F:other",
    )
    names = (f"rhythm {rhythm.name}", f"rhythm {rhythm.name}", prompt.key.name)
    for token, name in zip(tokens[:3], names, strict=True):
        if token not in vocabulary.ids:
            raise InputError(f"this model never learned {name}; ask for another")
    if f"bars={prompt.form.bars}" not in vocabulary.ids:
        raise InputError(f"this model never learned parts of {prompt.form.bars} bars; ask for another form")
    return tokens


def _metre_name(rhythm: Rhythm) -> str:
    return "4/4" if rhythm.metre.length == 1 else str(rhythm.metre)


def rules(prompt: Prompt, vocabulary: Vocabulary) -> Rules:
    """The rules of the grammar of `prompt`. Raises InputError, as `header` does and for an opening that is wrong."""
    up = transposition_for(prompt, vocabulary).semitones
    lowest, highest = _range(prompt)
    plays = _instrument(prompt).pitch_classes(prompt.key)
    return Rules(
        header(prompt, vocabulary),
        ticks(RHYTHMS[prompt.rhythm].metre.length),
        prompt.form,
        lowest - up,
        highest - up,
        missing=frozenset(pitch for pitch in range(12) if (pitch + up) % 12 not in plays),
    )


def _instrument(prompt: Prompt) -> Instrument:
    """The instrument that a tune is for; the fiddle, whichever plays it, where none was asked for."""
    return INSTRUMENTS[prompt.instrument] if prompt.instrument else FIDDLE


def _range(prompt: Prompt) -> tuple[int, int]:
    """The lowest and the highest note of a tune, as MIDI numbers: the fiddle's, within the instrument's."""
    instrument = _instrument(prompt)
    return max(LOWEST, instrument.lowest), min(HIGHEST, instrument.highest)


def tune_of(tokens: Sequence[str], prompt: Prompt, title: str) -> Tune:
    """The Tune that `tokens` spell, in the prompt's key and the rhythm's metre and tempo.

    It lies in its instrument's range, or at the pitch of the opening that was given. Raises NotationError where
    `tokens` spell no tune.
    """
    rhythm = RHYTHMS[prompt.rhythm]
    transposition = Transposition.to(prompt.key)
    parts = [transposition.part(part) for part in decode(tokens).parts]
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
    if not prompt.opening:
        return transpose(tune, tune.key, _best_octaves(tune, *_range(prompt)))
    given = opening_tune(prompt)
    return _tied_as(transpose(tune, tune.key, _octaves_to(tune, given)), given)


def normalized(tokens: Sequence[str], prompt: Prompt) -> NormalizedTune:
    """The tune that `tokens` spell as the corpus spells it: in its octave, and with the A that AABA ends with."""
    tune = decode(tokens)
    again = (tune.parts[0].unrepeated(),) if prompt.form.parts == "AABA" else ()
    return replace(tune, parts=spelled_on_c((*tune.parts, *again), Key(0, 0, tune.mode)))


def _octaves_to(tune: Tune, given: Tune) -> int:
    """By how many octaves to transpose `tune` to the pitch of the opening that it begins with."""
    if not given.pitches:
        return 0
    return (given.pitches[0].midi - tune.pitches[0].midi) // 12


def _tied_as(tune: Tune, given: Tune) -> Tune:
    """`tune` with the ties over bar lines of the opening that it begins with: tokens have no such ties."""
    bars = list(tune.bars)
    for i, (bar, opening) in enumerate(zip(bars[:-1], given.bars, strict=False)):
        notes = merge_ties(opening.notes)
        if bar.notes != notes or bar.end_repeat:
            break
        if opening.notes[-1].tied and notes[-1].pitch == bars[i + 1].notes[0].pitch:
            bars[i] = replace(bar, notes=(*bar.notes[:-1], bar.notes[-1]._replace(tied=True)))
    return replace(tune, bars=tuple(bars))


def _best_octaves(tune: Tune, lowest: int, highest: int) -> int:
    """By how many octaves to transpose `tune` into a range, its mean nearest to that of the corpus."""
    sounding = [pitch.midi for pitch in tune.pitches]
    fits = [o for o in (-1, 0, 1) if min(sounding) + 12 * o >= lowest and max(sounding) + 12 * o <= highest]
    mean = sum(sounding) / len(sounding)
    return min(fits, key=lambda o: abs(mean + 12 * o - USUAL_MEAN), default=0)
