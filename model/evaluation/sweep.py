"""Composes tunes of all keys, rhythms, forms and temperatures, and checks each."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from model.evaluation.compliance import compliance
from model.evaluation.readers.abc2midi import abc2midi_faults
from model.music.abc_writer import write
from model.music.form import Form
from model.music.key import all_keys
from model.music.parts import well_formed
from model.music.rhythm import RHYTHMS
from model.prompt import Prompt
from model.sampling.sampler import Composed, Sampler

TEMPERATURES = (0.2, 0.4, 0.6, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5)
BATCH = 64
_STRIDE = 7919  # a prime, so that neighbouring prompts differ in all


def sweep_prompts(count: int, modes: Sequence[str], seed: int = 0) -> Iterator[Prompt]:
    """`count` prompts that take all keys of `modes` x rhythms x forms in turn, and the temperatures in turn."""
    forms = [Form(parts, bars) for bars in Form.BARS for parts in Form.FORMS]
    every = list(product([key for key in all_keys() if key.mode in modes], RHYTHMS, forms))
    for i in range(count):
        key, rhythm, form = every[i * _STRIDE % len(every)]
        yield Prompt(key, rhythm, TEMPERATURES[i % len(TEMPERATURES)], form, seed + i)


@dataclass
class Sweep:
    """Counts of prompts and of what came of them. `faults` counts what was wrong with tunes, by its description."""

    prompts: int = 0
    finished: int = 0
    well_formed: int = 0
    compliant: int = 0
    draws: int = 0
    tokens: int = 0
    max_similarity: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)

    def to_json(self) -> dict[str, Any]:
        counts = dict(self.__dict__)
        return {"asked": counts.pop("prompts"), **counts, "faults": dict(self.faults.most_common(20))}


def sweep(sampler: Sampler, prompts: Sequence[Prompt], abc2midi: bool, progress: Callable[[int], None]) -> Sweep:
    """Composes and checks a tune for each of `prompts`; with `abc2midi` that program, where installed, reads it too."""
    found = Sweep()
    for start in range(0, len(prompts), BATCH):
        batch = prompts[start : start + BATCH]
        tunes: list[Composed] = []
        for _, outcome in sampler.stream(batch):
            if isinstance(outcome, Exception):
                found.faults[f"failed: {outcome}"] += 1
            else:
                tunes.append(outcome)
        found.prompts += len(batch)
        for one in tunes:
            _check(found, one)
        if abc2midi:
            found.faults.update(f"abc2midi: {fault}" for fault in abc2midi_faults([write(t.tune) for t in tunes]) or ())
            found.faults.pop("abc2midi: ", None)
        progress(found.prompts)
    return found


def _check(found: Sweep, one: Composed) -> None:
    found.finished += 1
    found.draws += one.draws
    found.tokens += one.tokens
    found.max_similarity = max(found.max_similarity, one.nearest.similarity)
    wrong = well_formed(one.tune, one.prompt.key, one.prompt.form)
    found.well_formed += not wrong
    missed = [name for name, complies in compliance(one.tune, one.prompt).items() if not complies]
    found.compliant += not missed
    found.faults.update([f"not well formed: {wrong}"] if wrong else [])
    found.faults.update(f"not as asked: {name}" for name in missed)
