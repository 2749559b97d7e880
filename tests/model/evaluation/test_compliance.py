from dataclasses import replace
from fractions import Fraction

import pytest

from model.evaluation.compliance import CHECKS, compliance, keeps_opening
from model.music.abc_reader import parse
from model.music.tune import Note, Tune
from model.prompt import Prompt, parse_prompt
from model.sampling.sampler import Sampler
from tests.model.evaluation.samples import composed

REEL = (
    "X:1\nT:Mine\nR:reel\nM:C|\nL:1/8\nK:D\n"
    "|:DFAd fdAF|GBdB gdBG|ABcd efge|d4 d4:|\n|:fafd Adfa|gbge Begb|ABcd efge|d4 d4:|\n"
)
PROMPT = parse_prompt("D", "reel", form="AABB:4", seed=1, opening="DFAd fd")


def failed(tune: Tune, prompt: Prompt = PROMPT) -> list[str]:
    return [name for name, complies in compliance(tune, prompt).items() if not complies]


@pytest.mark.parametrize(
    ("change", "checks"),
    [
        (("", ""), []),
        (("K:D", "K:G"), ["key"]),
        (("Begb|ABcd efge|d4 d4", "Begb|ABcd efge|d4 a4"), ["ends on the tonic"]),
        (("R:reel", "R:hornpipe"), ["rhythm"]),
        (("M:C|", "M:4/4"), ["metre"]),
        (("|:fafd", "fafd"), []),
        (("ABcd efge|d4 d4:|\n", "d4 d4:|\n"), ["form"]),
        (("d4 d4:|\n|:f", "d4 a4:|\n|:f"), []),
        (("gbge", "gb'ge"), ["range G3 to B5"]),
        (("DFAd", "DFAB"), ["opening"]),
    ],
)
def test_each_check_fails_for_its_own_fault(change: tuple[str, str], checks: list[str]) -> None:
    assert failed(parse(REEL.replace(*change, 1) if change[0] else REEL)) == checks


def test_all_checks_fail_where_the_abc_cannot_be_read_back() -> None:
    tune = parse(REEL)
    first = replace(tune.bars[0], notes=(*tune.bars[0].notes, Note(None, Fraction(1, 8))))
    assert failed(replace(tune, bars=(first, *tune.bars[1:]))) == list(CHECKS)


def test_tied_notes_of_an_opening_are_one_sound() -> None:
    tune = parse(REEL.replace("DFAd fdAF|GBdB", "DFAd fdF2-|F2dB"))
    assert keeps_opening(tune, replace(PROMPT, opening="DFAd fdF4"))
    assert not keeps_opening(tune, replace(PROMPT, opening="DFAd fdF2F2"))
    assert keeps_opening(tune, replace(PROMPT, opening=""))


def test_composed_tunes_comply_with_their_prompts_and_not_with_others(sampler: Sampler) -> None:
    for one in composed(sampler):
        assert compliance(one.tune, one.prompt) == dict.fromkeys(CHECKS, True)
    first, second = composed(sampler)[:2]
    met = compliance(first.tune, second.prompt)
    assert not met["key"]
    assert not met["rhythm"]
