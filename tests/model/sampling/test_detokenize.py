from dataclasses import replace

import pytest

from model.encoding.tokenizer import spelled_on_c
from model.encoding.transposition import HIGHEST, LOWEST
from model.encoding.vocabulary import Vocabulary
from model.errors import InputError, NotationError
from model.music.form import Form
from model.music.key import Key
from model.music.parts import parts_of
from model.music.rhythm import RHYTHMS
from model.prompt import Prompt, parse_prompt
from model.sampling.detokenize import header, normalized, rules, tune_of
from model.sampling.sampler import Composed, Sampler
from tests.model.tunes import words

AABA = Prompt(Key.parse("F#m"), "waltz", form=Form("AABA", 4), seed=11)
TOKENS = words(
    "R:waltz M:3/4 K:m F:AABA |: bars=4 pickup=2 C D | C2 E2 G2 | C2 E2 G2 | G2 F2 D2 | C4"
    " [| bars=4 pickup=2 g f | e2 d2 c2 | B2 A2 G2 | F2 E2 D2 | G4 |]"
)


@pytest.fixture(scope="module")
def composed(sampler: Sampler) -> list[Composed]:
    openings = ("E4 B2A-A-|A2B2 e2d2-|d2B4", "")
    prompts = [parse_prompt("Edor", "reel", seed=3, form="AB:4", opening=opening) for opening in openings]
    return sampler.compose([*prompts, AABA])


def test_a_tune_has_the_key_metre_tempo_and_title_asked_for() -> None:
    tune = tune_of(TOKENS, AABA, "Mine")
    assert (tune.title, str(tune.key), tune.rhythm, tune.metre) == ("Mine", "F#m", "waltz", RHYTHMS["waltz"].metre)
    assert tune.tempo == (RHYTHMS["waltz"].beat, RHYTHMS["waltz"].tempo)


def test_the_first_part_comes_back_at_the_end_of_aaba() -> None:
    first, second, last = parts_of(tune_of(TOKENS, AABA, ""))
    assert last == first.unrepeated()
    assert first.repeated
    assert second != last


def test_a_tune_is_transposed_by_octaves_into_the_range() -> None:
    for key in ("C", "D", "G", "Bb"):
        pitches = [pitch.midi for pitch in tune_of(TOKENS, replace(AABA, key=Key.parse(key + "m")), "").pitches]
        assert min(pitches) >= LOWEST
        assert max(pitches) <= HIGHEST


def test_tokens_that_spell_no_tune_are_refused() -> None:
    with pytest.raises(NotationError):
        tune_of(TOKENS[:3], AABA, "")


def test_a_composed_tune_is_normalized_as_the_corpus_would_have_it(composed: list[Composed]) -> None:
    for one in composed:
        found = one.normalized
        assert found == normalized(one.spelled, one.prompt)
        assert found.parts == spelled_on_c(parts_of(one.tune), one.tune.key)
        assert (found.rhythm, found.mode) == (one.prompt.rhythm, one.prompt.key.mode)
        assert found.metre == one.tune.metre.length


def test_rules_allow_a_fiddles_range_in_the_prompts_key(sampler: Sampler) -> None:
    found = rules(AABA, sampler.vocabulary)
    assert found.high - found.low == HIGHEST - LOWEST
    assert (LOWEST - found.low) % 12 == AABA.key.tonic_class
    assert (found.header, found.bar_ticks, found.form) == (header(AABA, sampler.vocabulary), 72, AABA.form)


@pytest.mark.parametrize(
    ("missing", "message"),
    [("R:waltz", "never learned rhythm waltz"), ("K:m", "never learned F# minor"), ("bars=4", "parts of 4 bars")],
)
def test_what_the_vocabulary_lacks_is_refused(missing: str, message: str, sampler: Sampler) -> None:
    known = Vocabulary("notes", tuple(token for token in sampler.vocabulary.tokens if token != missing))
    with pytest.raises(InputError, match=message):
        header(AABA, known)


def test_the_form_is_in_the_header_where_the_vocabulary_has_it() -> None:
    header_tokens = ("R:waltz", "M:3/4", "K:m", "F:other", "bars=4")
    assert header(AABA, Vocabulary("notes", header_tokens)) == header_tokens[:4]
    assert header(AABA, Vocabulary("notes", (*header_tokens, "F:AABA"))) == (*header_tokens[:3], "F:AABA")
