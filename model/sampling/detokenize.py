"""Prompt -> the rules of its grammar, and a song's tokens -> the finished Tune in the key asked for."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from model.encoding.tokenizer import NormalizedTune, decode, merge_ties, spelled_on_c, ticks
from model.encoding.transposition import HIGHEST, LOWEST, Transposition
from model.encoding.vocabulary import Vocabulary
from model.errors import InputError
from model.music.key import Key
from model.music.parts import with_parts
from model.music.rhythm import RHYTHMS, Rhythm
from model.music.tune import Tune, transpose
from model.prompt import Prompt
from model.sampling.grammar import Rules
from model.sampling.opening import move_for, opening_tokens, read

__all__ = ["HIGHEST", "LOWEST", "header", "opening_tokens", "plain_title", "rules", "tune_of"]

USUAL_MEAN = 71  # MIDI: the corpus' tunes lie around B4


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
    move = move_for(prompt, vocabulary)
    return Rules(
        header(prompt, vocabulary),
        ticks(RHYTHMS[prompt.rhythm].metre.length),
        prompt.form,
        LOWEST - move.semitones,
        HIGHEST - move.semitones,
    )


def tune_of(tokens: Sequence[str], prompt: Prompt, title: str) -> Tune:
    """The Tune that `tokens` spell, in the prompt's key and the rhythm's metre and tempo."""
    rhythm = RHYTHMS[prompt.rhythm]
    move = Transposition.to(prompt.key)
    parts = [move.part(part) for part in decode(tokens).parts]
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
        return transpose(tune, tune.key, _best_octaves(tune))
    given = read(prompt)
    return _tied_as(transpose(tune, tune.key, _octaves_to(tune, given)), given)


def song_of(tokens: Sequence[str], prompt: Prompt) -> NormalizedTune:
    """What `tokens` spell as the corpus spells it: in its octave, and with the A that AABA ends with."""
    song = decode(tokens)
    again = (song.parts[0].unrepeated(),) if prompt.form.parts == "AABA" else ()
    return replace(song, parts=spelled_on_c((*song.parts, *again), Key(0, 0, song.mode)))


def _octaves_to(tune: Tune, given: Tune) -> int:
    """By how many octaves to move `tune` to the pitch of what was given, with which it begins."""
    if not given.pitches:
        return 0
    return (given.pitches[0].midi - tune.pitches[0].midi) // 12


def _tied_as(tune: Tune, given: Tune) -> Tune:
    """`tune` with the ties over bar lines of the bars that it was given to begin with: no token tells of them."""
    bars = list(tune.bars)
    for i, (bar, asked) in enumerate(zip(bars[:-1], given.bars, strict=False)):
        notes = merge_ties(asked.notes)
        if bar.notes != notes or bar.end_repeat:
            break
        if asked.notes[-1].tied and notes[-1].pitch == bars[i + 1].notes[0].pitch:
            bars[i] = replace(bar, notes=(*bar.notes[:-1], bar.notes[-1]._replace(tied=True)))
    return replace(tune, bars=tuple(bars))


def _best_octaves(tune: Tune) -> int:
    """By how many octaves to move `tune` to lie best on a fiddle: inside its range, its mean as in the books."""
    sounding = [pitch.midi for pitch in tune.pitches]
    fits = [o for o in (-1, 0, 1) if min(sounding) + 12 * o >= LOWEST and max(sounding) + 12 * o <= HIGHEST]
    mean = sum(sounding) / len(sounding)
    return min(fits, key=lambda o: abs(mean + 12 * o - USUAL_MEAN), default=0)


def plain_title(prompt: Prompt) -> str:
    """A plain name in the tradition's manner; the same for the same prompt."""
    return f"Tunesmith's {prompt.rhythm.title()} No. {prompt.seed}"
