from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch

from model.encoding.part_plan import plans_of
from model.encoding.tokenizer import decode
from model.encoding.transposition import HIGHEST, LOWEST
from model.errors import CheckpointError, InputError
from model.evaluation.compliance import keeps_opening
from model.music.abc_reader import parse
from model.music.abc_writer import write
from model.music.form import Form
from model.music.key import Key, all_keys
from model.music.parts import form_of, parts_of, well_formed
from model.music.rhythm import RHYTHMS
from model.network.checkpoint import Checkpoint
from model.prompt import Prompt, parse_prompt
from model.sampling import threads
from model.sampling.pending_prompt import PendingPrompt
from model.sampling.sampler import Composed, Sampler, numbered
from model.sampling.variation import GivenTokens

SHORT = Form("AB", 4)
EDOR = Prompt(Key.parse("Edor"), "reel", form=SHORT, seed=11)


def abc(composed: list[Composed]) -> list[str]:
    return [write(one.tune) for one in composed]


@pytest.fixture(scope="module")
def forty(sampler: Sampler) -> list[Composed]:
    return sampler.compose(numbered(EDOR, 40))


def test_the_same_seed_gives_the_same_tune_alone_and_in_a_batch_of_forty(
    sampler: Sampler, forty: list[Composed]
) -> None:
    assert abc(sampler.compose([EDOR])) == abc(forty[:1])
    assert abc(sampler.compose([replace(EDOR, seed=50)])) == abc(forty[39:])
    assert abc(sampler.compose(numbered(replace(EDOR, seed=20), 9))) == abc(forty[9:18])


def test_the_same_seed_gives_the_same_tune_on_any_number_of_threads(
    sampler: Sampler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "LEAST_ROWS", 8)
    prompts = numbered(EDOR, 3 * 8)
    alone = abc(sampler.compose(prompts))
    sizes: list[int] = []
    draw_batch = Sampler._draw_batch

    def counted(own: Sampler, pending: list[PendingPrompt]) -> Iterator[PendingPrompt | None]:
        sizes.append(len(pending))
        return draw_batch(own, pending)

    monkeypatch.setattr(Sampler, "_draw_batch", counted)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    assert abc(sampler.compose(prompts)) == alone
    assert sizes[:3] == [8] * 3


def test_a_network_that_does_not_fit_its_vocabulary_is_refused(small: Checkpoint) -> None:
    less = dict(small.weights)
    less |= {name: less[name][:-9] for name in ("output.weight", "output.bias")}
    wrong = replace(small, network={**small.network, "vocabulary": small.network["vocabulary"] - 9}, weights=less)
    with pytest.raises(CheckpointError, match="as many outputs"):
        Sampler(wrong)


def test_a_tune_of_another_form_is_drawn_again_and_the_temperature_rises_after_a_while(
    sampler: Sampler, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[object] = []

    def judge(tune: object, *_: object) -> str:
        drawn.append(tune)
        return "" if len(drawn) == 8 else "of form AA, not AB"

    monkeypatch.setattr("model.sampling.sampler.well_formed", judge)
    (one,) = sampler.compose([EDOR])
    assert one.draws == 8
    assert one.temperature == pytest.approx(EDOR.temperature + 2 * 0.1)


def test_other_seeds_give_other_tunes(forty: list[Composed]) -> None:
    assert len({one.tune.bars for one in forty}) == 40


def test_tunes_are_of_the_form_rhythm_and_key_of_their_prompts(sampler: Sampler) -> None:
    keys = [key for key in all_keys() if key.mode != "loc"]
    forms = [Form(parts, bars) for parts in Form.FORMS for bars in (4, 8)]
    prompts = [
        Prompt(key, list(RHYTHMS)[i % len(RHYTHMS)], form=forms[i % len(forms)] if i < 8 else SHORT, seed=i)
        for i, key in enumerate(keys)
    ]
    for prompt, composed in zip(prompts, sampler.compose(prompts), strict=True):
        tune = composed.tune
        assert well_formed(tune, prompt.key, prompt.form) == ""
        assert form_of(parts_of(tune)) == prompt.form
        assert (tune.rhythm, tune.metre) == (prompt.rhythm, RHYTHMS[prompt.rhythm].metre)
        assert all(LOWEST <= pitch.midi <= HIGHEST for pitch in tune.pitches), prompt
        assert parse(write(tune)) == tune


@pytest.mark.parametrize("temperature", [0.1, 2.0])
def test_extreme_temperatures_finish(sampler: Sampler, temperature: float) -> None:
    prompts = numbered(replace(EDOR, temperature=temperature), 8)
    assert all(well_formed(one.tune, EDOR.key, SHORT) == "" for one in sampler.compose(prompts))


def test_first_parts_close_on_the_tonic_about_as_often_as_in_the_books(forty: list[Composed]) -> None:
    plans = [plans_of(decode(one.spelled).parts) for one in forty]
    assert all(plan[-1].closes for plan in plans)
    assert sum(plan[0].closes for plan in plans) > 34  # 94% in the books


def test_ties_over_bar_lines_of_an_opening_are_kept(sampler: Sampler) -> None:
    prompt = replace(EDOR, opening="E4 B2A-A-|A2B2 e2d2-|d2B4")
    for one in sampler.compose(numbered(prompt, 3)):
        assert [bar.notes[-1].tied for bar in one.tune.bars[:3]] == [True, True, False]
        assert keeps_opening(parse(write(one.tune)), prompt)
        assert not keeps_opening(parse(write(one.tune).replace("-", "")), prompt)


def test_an_opening_of_a_whole_part_may_end_off_the_tonic(sampler: Sampler) -> None:
    opening = "EBBA B2EB|B2AB dBAG|FDAD BDAD|FDAD dAFD|EBBA B2EB|B2AB defg|afec dBAF|DEFD E2F2|"
    pickup = "EF|" + opening.replace("E2F2|", "F2")
    for whole in (opening, opening[:-1], pickup, pickup + "|"):
        for one in sampler.compose(numbered(replace(EDOR, form=Form("AABB", 8), opening=whole), 3)):
            given = parse(f"K:Edor\nL:1/8\n{whole}").bars
            part = parts_of(one.tune)[0]
            assert [bar for bar in (part.pickup, *part.bars) if bar] == [bar.notes for bar in given]


def test_a_bad_prompt_fails_alone(sampler: Sampler) -> None:
    outcomes = dict(sampler.stream([EDOR, replace(EDOR, opening="#"), replace(EDOR, seed=12)]))
    assert isinstance(outcomes[1], InputError)
    assert isinstance(outcomes[0], Composed)
    assert isinstance(outcomes[2], Composed)


def test_a_mode_the_books_do_not_have_is_refused(sampler: Sampler) -> None:
    if "K:loc" in sampler.vocabulary.ids:
        pytest.skip("this checkpoint knows locrian")
    with pytest.raises(InputError, match="never learned B locrian"):
        sampler.compose([replace(EDOR, key=Key.parse("Bloc"))])


def test_no_prompts_give_no_tunes(sampler: Sampler) -> None:
    assert sampler.compose([]) == []


@pytest.mark.parametrize(
    ("opening", "key", "rhythm"),
    [
        ("EBBA B2EB|", "Edor", "reel"),
        ("EBBA B2EB|B2AB dBAG|FDAD BDAD", "Edor", "reel"),
        ("ABc BAG|e3 A3|", "Am", "jig"),
        ("GA|BGG AGG|", "G", "jig"),
        ("(3ABc|dfaf gfed|", "D", "hornpipe"),
        ("e2", "A", "waltz"),
        ("X:1\nT:Mine\nM:C|\nL:1/8\nK:Edor\nE3D E2", "Edor", "reel"),
    ],
)
def test_an_opening_is_kept_note_for_note(sampler: Sampler, opening: str, key: str, rhythm: str) -> None:
    prompt = parse_prompt(key, rhythm, seed=3, form="AABB:8", opening=opening)
    text = opening if "K:" in opening else f"M:{RHYTHMS[rhythm].metre}\nL:1/8\nK:{key}\n{opening}"
    opening_notes = [(note.pitch, note.length) for note in parse(text).notes]
    (composed,) = sampler.compose([prompt])
    notes = [(note.pitch, note.length) for note in composed.tune.notes]
    assert notes[: len(opening_notes)] == opening_notes


@pytest.mark.parametrize(
    ("opening", "message"),
    [
        ("ABcd e2|AB|ABcd efga|", "bar 2 of the opening"),
        ("ABcd efga|ABcdefgab2|A", "bar 2 of the opening"),
        ("ABcd efga|[CEG]8|", "chord"),
        ("ABcd efga|c'8|", "bar 2 of the opening .*range"),
        ("C,,8|", "bar 1 of the opening .*range"),
        ("A8|" * 400, "400 bars"),
        ("|:ABcd efga:|", "repeats or endings"),
        ("ABcd efga|1A8:|2A8|", "repeats or endings"),
        ("this is not ABC", "not ABC that can be read"),
        ("hello", "not ABC that can be read"),
        ("(5ABcde A4|", "opening"),
        ("ABcd #", "not ABC that can be read"),
        ("||||", "no notes"),
        ("A/64A/64", "opening"),
        ("ABcd[K:G]efga|", "key change"),
        ("ABcd[M:3/4]efga|", "metre change"),
        ("X:1\nM:6/8\nL:1/8\nK:Edor\nABc def|", "in 6/8; a reel is in C"),
        ("X:1\nM:C|\nL:1/8\nK:Ab\nABcd efga|", "in Ab; the tune is to be in Edor"),
    ],
)
def test_a_bad_opening_is_one_line_that_names_the_bar(sampler: Sampler, opening: str, message: str) -> None:
    prompt = parse_prompt("Edor", "reel", seed=1, opening=opening)
    with pytest.raises(InputError, match=message) as caught:
        sampler.compose([prompt])
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_a_megabyte_of_opening_is_refused_unread(sampler: Sampler) -> None:
    with pytest.raises(InputError, match="1000000 characters"):
        parse_prompt("Edor", "reel", opening="A" * 1_000_000)
    with pytest.raises(InputError, match="opening"):
        sampler.compose([replace(EDOR, opening="A" * 1_000_000)])


@pytest.mark.parametrize(("key", "rhythm", "form"), [("G", "jig", "AABB:8"), ("Ador", "reel", "AABA:4")])
def test_a_tune_is_varied_from_its_first_part_or_its_endings_on(
    sampler: Sampler, key: str, rhythm: str, form: str
) -> None:
    first = sampler.compose([parse_prompt(key, rhythm, form=form, seed=3)])[0].tune
    parts = parts_of(first)
    options = {"key": key, "rhythm": rhythm, "form": form, "opening": write(first)}
    for seed in (4, 5):
        kept = sampler.compose([parse_prompt(**options, seed=seed, vary="parts")])[0].tune
        assert parts_of(kept)[0] == parts[0]
        assert parts_of(kept)[1] != parts[1]
        ended = sampler.compose([parse_prompt(**options, seed=seed, vary="endings")])[0].tune
        assert well_formed(ended, Key.parse(key), Form.parse(form)) == ""
        for before, after in zip(parts, parts_of(ended), strict=True):
            body = len(before.bars) if before.endings else len(before.bars) - 2
            bars = after.bars + (after.endings[0] if after.endings else ())
            assert bars[:body] == before.bars[:body]
            assert after.pickup == before.pickup
        assert ended.bars != first.bars


def test_given_bars_that_do_not_fit_are_refused(sampler: Sampler, monkeypatch: pytest.MonkeyPatch) -> None:
    known = sampler.vocabulary.ids
    given = GivenTokens((known["pickup=0"],), {(0, 2): (known["C8"], known["C8"], known["|"])})
    monkeypatch.setattr("model.sampling.sampler.given_tokens", lambda *_: given)
    with pytest.raises(InputError, match="bar 2 of part A does not fit a reel"):
        sampler.compose([EDOR])


def test_a_variation_differs_from_its_tune(sampler: Sampler) -> None:
    prompt = Prompt(Key.parse("D"), "polka", 0.2, Form("AB", 4), 5)
    (first,) = sampler.compose([prompt])
    varied = sampler.compose(numbered(replace(prompt, opening=write(first.tune), vary="endings"), 16))
    assert all(one.tune.bars != first.tune.bars for one in varied)
    assert max(one.draws for one in varied) > 1
