"""Composes many tunes for evaluations and retrainings, and makes prompts for them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from model.music.abc_writer import write_bar
from model.music.form import Form
from model.music.key import Key
from model.music.rhythm import RHYTHMS
from model.prompt import Prompt
from model.sampling.sampler import Composed, Sampler

BATCH = 512  # drafts
OPENING_BARS = 2
_KEYS = ("D", "G", "A", "C", "Em", "Am", "Bm", "Edor", "Ador", "Ddor", "Dmix", "Amix")


def every_prompt(count: int, temperature: float = 1.0, seed: int = 0) -> list[Prompt]:
    """`count` prompts in which keys, rhythms and forms all change from each to the next; seeds count from `seed`."""
    keys = [Key.parse(text) for text in _KEYS]
    rhythms, forms = list(RHYTHMS), [Form(parts, bars) for bars in Form.BARS for parts in Form.FORMS]
    return [
        Prompt(keys[i % len(keys)], rhythms[i % len(rhythms)], temperature, forms[i % len(forms)], seed + i)
        for i in range(count)
    ]


def opening_prompts(composed: Sequence[Composed], count: int) -> list[Prompt]:
    """Prompts for other tunes that begin with the first bars of `count` composed ones."""
    return [
        replace(one.prompt, opening=_first_bars(one), seed=one.prompt.seed + len(composed)) for one in composed[:count]
    ]


def _first_bars(one: Composed) -> str:
    tune = one.tune
    count = OPENING_BARS + (tune.bars[0].length < tune.metre.length)
    return "".join(write_bar(bar, tune) + "|" for bar in tune.bars[:count])


@dataclass
class Batch:
    """What came of `prompts` prompts: the tunes by the prompt's index, and the failures' messages."""

    prompts: int
    composed: dict[int, Composed] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    @property
    def draws(self) -> int:
        return sum(one.draws for one in self.composed.values())


def compose_all(sampler: Sampler, prompts: Sequence[Prompt], progress: Callable[[int], None]) -> Batch:
    """Composes `prompts`; `progress` is called with how many are done."""
    batch = Batch(len(prompts))
    size = BATCH // sampler.drafts
    for start in range(0, len(prompts), size):
        for index, outcome in sampler.stream(prompts[start : start + size]):
            if isinstance(outcome, Exception):
                batch.failures.append(str(outcome))
            else:
                batch.composed[start + index] = outcome
        progress(min(start + size, len(prompts)))
    return batch
