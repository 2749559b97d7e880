"""What is given of a varied tune comes out note for note when a random path of the grammar takes it."""

import random
from dataclasses import dataclass, replace

import numpy as np
import pytest

from model.encoding.tokenizer import decode
from model.encoding.transposition import HIGHEST, LOWEST
from model.encoding.vocabulary import Vocabulary
from model.errors import InputError
from model.music.abc_writer import write
from model.music.form import Form
from model.music.key import all_keys
from model.music.parts import Part, parts_of, well_formed
from model.music.rhythm import RHYTHMS
from model.music.tune import Tune
from model.prompt import VARIATIONS, Prompt, parse_prompt
from model.sampling import detokenize
from model.sampling.grammar import END, MUSIC, PICKUP, Grammar, State
from model.sampling.originality import Index
from model.sampling.sampler import Sampler
from model.sampling.variation import GivenTokens, given_tokens, unchanged


@pytest.fixture(scope="module")
def vocabulary(sampler: Sampler) -> Vocabulary:
    return sampler.vocabulary


@dataclass(frozen=True)
class PromptedTune:
    """A tune and the prompt for it."""

    prompt: Prompt
    tune: Tune


@pytest.fixture(scope="module")
def composed(sampler: Sampler) -> list[PromptedTune]:
    """Tunes of every rhythm and form, in many keys, with pickups and endings: the model's, and some of random notes."""
    keys = [key for key in all_keys() if key.mode != "loc"]
    random.Random(7).shuffle(keys)
    rhythms = list(RHYTHMS)
    forms = [Form(parts, bars) for bars in (4, 8, 16) for parts in Form.FORMS]
    prompts = [
        Prompt(keys[i], rhythms[i % len(rhythms)], form=forms[i if i < 12 else i % 8], seed=i) for i in range(48)
    ]
    tunes = [PromptedTune(one.prompt, one.tune) for one in sampler.compose(prompts[:24])]
    for prompt in prompts[24:]:
        tokens = random_path(prompt, GivenTokens(), sampler.vocabulary)
        tunes.append(PromptedTune(prompt, detokenize.tune_of(tokens, prompt, "Random")))
    assert any(part.pickup for one in tunes for part in parts_of(one.tune))
    assert any(part.endings for one in tunes for part in parts_of(one.tune))
    return tunes


def variation_of(one: PromptedTune, how: str) -> Prompt:
    return replace(one.prompt, seed=one.prompt.seed + 1000, opening=write(one.tune), vary=how)


def random_path(prompt: Prompt, given: GivenTokens, vocabulary: Vocabulary) -> list[str]:
    """A random path of the prompt's grammar that takes the tokens of `given` where GivenTokens says."""
    grammar, stream = Grammar(vocabulary, detokenize.rules(prompt, vocabulary)), random.Random(prompt.seed)
    state: State | None = grammar.start
    tokens: list[str] = []
    pending: list[int] = []
    entered = -1
    while state is not None and (node := grammar.nodes[state.node]).kind != END:
        if state.node != entered:
            entered = state.node
            assert not pending or given.prefix, "a bar's tokens end with its bar line"
            if node.kind == PICKUP and node.section == 0:
                pending = list(given.prefix)
            elif node.kind == MUSIC and node.ending == 0 and (node.section, node.bar) in given.bars:
                pending = list(given.bars[node.section, node.bar])
        token_id = pending.pop(0) if pending else stream.choice(np.flatnonzero(grammar.mask(state)).tolist())
        state = grammar.next(state, token_id)
        assert state is not None, f"{vocabulary.tokens[token_id]} is forbidden after {tokens[-6:]}"
        tokens.append(vocabulary.tokens[token_id])
    return tokens


def kept_bars(part: Part) -> int:
    return len(part.bars) if part.endings else len(part.bars) - 2


def varied(one: PromptedTune, how: str, vocabulary: Vocabulary) -> tuple[Tune, GivenTokens, list[str]]:
    prompt = variation_of(one, how)
    given = given_tokens(prompt, vocabulary)
    tokens = random_path(prompt, given, vocabulary)
    tune = detokenize.tune_of(tokens, prompt, "Varied")
    assert well_formed(tune, prompt.key, prompt.form) == ""
    assert all(LOWEST <= pitch.midi <= HIGHEST for pitch in tune.pitches)
    return tune, given, tokens


def test_parts_keeps_the_first_part_note_for_note_at_its_pitch(
    composed: list[PromptedTune], vocabulary: Vocabulary
) -> None:
    for one in composed:
        tune, given, _ = varied(one, "parts", vocabulary)
        old, new = parts_of(one.tune), parts_of(tune)
        assert new[0] == old[0]
        assert new[1] != old[1]
        assert (given.bars, vocabulary.tokens[given.prefix[0]][:7]) == ({}, "pickup=")


def test_endings_keeps_all_but_the_last_bars_or_the_endings(
    composed: list[PromptedTune], vocabulary: Vocabulary
) -> None:
    for one in composed:
        tune, given, _ = varied(one, "endings", vocabulary)
        assert len(given.prefix) == 1
        olds, news = parts_of(one.tune), parts_of(tune)
        if one.prompt.form.parts == "AABA":
            assert news[-1] == news[0].unrepeated()
            olds, news = olds[:-1], news[:-1]
        for old, new in zip(olds, news, strict=True):
            kept = kept_bars(old)
            assert kept >= one.prompt.form.bars // 2
            assert (new.pickup, new.bars[:kept], new.repeated) == (old.pickup, old.bars[:kept], old.repeated)
        assert tune.bars != one.tune.bars


@pytest.mark.parametrize("how", VARIATIONS)
def test_marks_are_set_for_the_notes_that_were_given(
    composed: list[PromptedTune], vocabulary: Vocabulary, how: str
) -> None:
    for one in composed:
        tune, given, tokens = varied(one, how, vocabulary)
        marks = given.marks(tokens)
        assert sum(marks) == given.notes > 0
        parts = parts_of(tune)[: 2 if one.prompt.form.parts == "AABA" else None]
        assert len(marks) == sum(len(notes_of(part)) for part in parts)
        if how == "parts":
            assert marks == sorted(marks, reverse=True)
            assert sum(marks) == len(notes_of(parts[0]))


def notes_of(part: Part) -> list[object]:
    return [note for bar in part.written_bars for note in bar if note.pitch]


def test_an_opening_is_a_prefix_and_without_one_nothing_is_given(vocabulary: Vocabulary) -> None:
    assert given_tokens(parse_prompt("D", "reel"), vocabulary) == GivenTokens()
    given = given_tokens(parse_prompt("D", "reel", opening="DF|A2zB AFED|"), vocabulary)
    assert vocabulary.decode(given.prefix)[0] == "pickup=2"
    assert (given.notes, given.bars, given.marks(["|:", "bars=8", "pickup=2", "C", "E", "|"])) == (8, {}, [True] * 8)


def test_a_tune_in_another_key_is_varied_where_it_may_be_transposed(
    composed: list[PromptedTune], vocabulary: Vocabulary
) -> None:
    one = next(one for one in composed if str(one.prompt.key) not in ("C", "D") and not one.prompt.key.mode)
    for key in ("C", "D"):
        prompt = replace(variation_of(one, "parts"), transpose=True, key=parse_prompt(key).key)
        tune = detokenize.tune_of(
            random_path(prompt, given_tokens(prompt, vocabulary), vocabulary), prompt, "Transposed"
        )
        steps = {new.midi - old.midi for new, old in zip(tune.pitches[:12], one.tune.pitches, strict=False)}
        assert len(steps) == 1
        with pytest.raises(InputError, match="have it transposed"):
            given_tokens(replace(prompt, transpose=False), vocabulary)


REEL = "|:DFAd fdAF|GBdB gdBG|ABcd efge|d4 d4:|\n|:fafd Adfa|gbge Begb|ABcd efge|d4 d4:|"


def prompt_of(bars: str, how: str = "endings", form: str = "AABB:4", key: str = "D") -> Prompt:
    return parse_prompt(
        key, "reel", form=form, seed=1, opening=f"X:1\nT:Mine\nR:reel\nM:C|\nL:1/8\nK:D\n{bars}", vary=how
    )


def test_a_repeat_may_be_written_out(vocabulary: Vocabulary) -> None:
    a, b = REEL.replace("|:", "").replace(":|", "||").split("\n")
    given = given_tokens(prompt_of(f"{a}{a}{b}{b}"), vocabulary)
    assert given == given_tokens(prompt_of(REEL), vocabulary)
    assert sorted(given.bars) == [(0, 1), (0, 2), (1, 1), (1, 2)]
    assert vocabulary.decode(given.bars[0, 1])[-1] == "|"


def test_endings_of_a_part_are_composed_from_their_first_bar(vocabulary: Vocabulary) -> None:
    endings = "|:DFAd fdAF|GBdB gdBG|ABcd efge|1 d2f2 a4:|2 d4 d4||\n" + REEL.split("\n")[1]
    given = given_tokens(prompt_of(endings), vocabulary)
    assert sorted(given.bars) == [(0, 1), (0, 2), (0, 3), (1, 1), (1, 2)]
    assert vocabulary.decode(given.bars[0, 3])[-1] == "[1"


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        (prompt_of(REEL, form="AABB:8"), "cannot be varied: of form AABB:4, not AABB:8"),
        (prompt_of(REEL, form="AB:4"), "of form AABB:4, not AB:4"),
        (prompt_of(REEL, key="G"), "in D; the tune is to be in G"),
        (prompt_of(REEL, key="Bm"), "cannot be varied: in D, not Bm"),
        (prompt_of(REEL.replace("ABcd efge", "ABcd efg", 1)), "cannot be varied: bar 3 of a part is 7/8 long"),
        (prompt_of(REEL.replace("d4 d4", "d4 e4")), "cannot be varied: does not end on the tonic"),
        (prompt_of("DFAd fdAF|"), "cannot be varied: of form A, not AABB:4"),
        (prompt_of(REEL[:-2] + "|"), "cannot be varied: a repeat is opened and not closed"),
        (
            prompt_of(REEL.replace("GBdB", "G7/4B/4dB")),
            "bar 2 of part A has a note or rest of a kind the model never saw",
        ),
        (prompt_of(REEL.replace("GBdB gdBG", "[GB]4 gdBG")), "bar 2 of the opening has a chord"),
        (prompt_of("# 1"), "not ABC that can be read: line 7, column 1: a sharp is written before its note"),
        (prompt_of(REEL.replace("g", "g'")), "range"),
        (
            prompt_of("|:DFAd fdAF|1GBdB gdBG|ABcd efge|d8:|2GBdB gdBG|ABcd efge|d8||\n" + REEL.split("\n")[1]),
            "longer than",
        ),
        (prompt_of(REEL.replace("d4 d4", "d").replace("|:", "|:A4 Bcd|")), "no pickup that tunes begin with"),
    ],
)
@pytest.mark.parametrize("how", VARIATIONS)
def test_a_tune_that_cannot_be_varied_is_refused_in_one_line(
    vocabulary: Vocabulary, prompt: Prompt, message: str, how: str
) -> None:
    with pytest.raises(InputError, match=message) as refusal:
        given_tokens(replace(prompt, vary=how), vocabulary)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 200


def test_given_notes_do_not_count_for_originality(composed: list[PromptedTune], vocabulary: Vocabulary) -> None:
    index, one = Index.load(), composed[0]
    _, given, tokens = varied(one, "endings", vocabulary)
    new, marks = decode(tokens), given.marks(tokens)
    assert index.nearest(new, [True] * len(marks)).similarity == 0
    assert index.nearest(new, [False] * len(marks)) == index.nearest(new)
    head = [number < given.notes for number in range(len(marks))]
    assert index.nearest(new, head) == index.nearest(new, given.notes)


def test_a_variation_equal_to_its_tune_is_noticed(composed: list[PromptedTune], vocabulary: Vocabulary) -> None:
    for one in composed:
        prompt = variation_of(one, "endings")
        assert unchanged(one.tune, prompt)
        assert not unchanged(one.tune, one.prompt)
        tune, _, _ = varied(one, "endings", vocabulary)
        assert not unchanged(tune, prompt)
