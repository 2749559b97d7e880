"""Checks a tune against its prompt, by the ABC that a member gets, read back."""

from collections.abc import Sequence
from fractions import Fraction

from model.encoding.transposition import HIGHEST, LOWEST
from model.errors import NotationError
from model.music.abc_reader import parse
from model.music.abc_writer import write
from model.music.parts import form_of, parts_of
from model.music.rhythm import RHYTHMS
from model.music.tune import Note, Tune
from model.prompt import Prompt

CHECKS = ("key", "metre", "rhythm", "form", "ends on the tonic", "range G3 to B5", "opening")


def compliance(tune: Tune, prompt: Prompt) -> dict[str, bool]:
    """For each of CHECKS, whether `tune` is as `prompt` asks; all are False where its ABC cannot be read back."""
    try:
        back = parse(write(tune))
        form = form_of(parts_of(back))
    except NotationError:
        return dict.fromkeys(CHECKS, False)
    last = back.bars[-1].notes[-1].pitch
    checks = (
        back.key == prompt.key,
        back.metre == RHYTHMS[prompt.rhythm].metre,
        back.rhythm == prompt.rhythm,
        form == prompt.form,
        last is not None and last.midi % 12 == prompt.key.tonic_class,
        all(LOWEST <= pitch.midi <= HIGHEST for pitch in back.pitches),
        keeps_opening(back, prompt),
    )
    return dict(zip(CHECKS, checks, strict=True))


def keeps_opening(tune: Tune, prompt: Prompt) -> bool:
    """Whether `tune` begins with the prompt's opening, note for note; True without one."""
    if not prompt.opening:
        return True
    fields = "" if "K:" in prompt.opening else f"M:{RHYTHMS[prompt.rhythm].metre}\nL:1/8\nK:{prompt.key}\n"
    opening = _sounding(list(parse(fields + prompt.opening).notes))
    return _sounding(list(tune.notes))[: len(opening)] == opening


def _sounding(notes: Sequence[Note]) -> list[tuple[int | None, Fraction]]:
    """MIDI pitch, None for a rest, and length of each sound: tied notes, also over bar lines, are one."""
    sounds: list[tuple[int | None, Fraction]] = []
    for before, note in zip((None, *notes), notes, strict=False):
        midi = note.pitch.midi if note.pitch else None
        if before and before.tied and before.pitch == note.pitch:
            sounds[-1] = midi, sounds[-1][1] + note.length
        else:
            sounds.append((midi, note.length))
    return sounds
