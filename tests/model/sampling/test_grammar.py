import itertools
import random
from dataclasses import replace

import numpy as np
import pytest

from model.corpus.build import Corpus, CorpusTune
from model.encoding.inputs import InputEncoder
from model.encoding.part_plan import plans_of
from model.encoding.tokenizer import decode, encode, ticks
from model.encoding.transposition import HIGHEST, LOWEST
from model.encoding.vocabulary import Vocabulary
from model.music.form import Form
from model.music.key import Key, all_keys
from model.music.parts import form_of, well_formed
from model.music.rhythm import RHYTHMS
from model.prompt import Prompt
from model.sampling import detokenize
from model.sampling.grammar import MUSIC, Grammar, Rules, State, accepts
from model.sampling.sampler import Sampler
from tests.model.tunes import words

FORMS = [Form(parts, bars) for parts in Form.FORMS for bars in Form.BARS]
KEYS = [key for key in all_keys() if key.mode != "loc"]  # the books have no locrian tune


@pytest.fixture(scope="module")
def vocabulary(sampler: Sampler) -> Vocabulary:
    return sampler.vocabulary


def grammar_of(prompt: Prompt, vocabulary: Vocabulary) -> Grammar:
    return Grammar(vocabulary, detokenize.rules(prompt, vocabulary))


def random_path(grammar: Grammar, stream: random.Random) -> list[str]:
    """The tokens of a path that takes every allowed token with the same probability."""
    state, tokens = grammar.start, []
    while state.node != grammar.end:
        token_id = stream.choice([int(i) for i in np.flatnonzero(grammar.mask(state))])
        following = grammar.next(state, token_id)
        assert following is not None
        state = following
        tokens.append(grammar.vocabulary.tokens[token_id])
    return tokens


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_every_path_is_a_well_formed_tune(rhythm: str, vocabulary: Vocabulary) -> None:
    stream = random.Random(rhythm)
    for form in stream.sample(FORMS, 3):
        prompt = Prompt(stream.choice(KEYS), rhythm, form=form)
        tokens = random_path(grammar_of(prompt, vocabulary), stream)
        tune = detokenize.tune_of(tokens, prompt, "Random")
        assert well_formed(tune, prompt.key, form) == ""
        last = list(tune.played()[-1].notes)[-1].pitch
        assert last is not None
        assert last.midi % 12 == prompt.key.tonic_class
        assert all(LOWEST <= pitch.midi <= HIGHEST for pitch in tune.pitches)
        assert tune.metre == RHYTHMS[rhythm].metre


@pytest.mark.parametrize(("rhythm", "form"), [("polka", "AABB:4"), ("jig", "AB:4")])
def test_no_state_is_a_dead_end(rhythm: str, form: str, vocabulary: Vocabulary) -> None:
    grammar = grammar_of(Prompt(Key.parse("Edor"), rhythm, form=Form.parse(form)), vocabulary)
    seen, waiting = {grammar.start}, [grammar.start]
    while waiting:
        state = waiting.pop()
        ids = np.flatnonzero(grammar.mask(state))
        assert len(ids)
        following = {grammar.next(state, int(token_id)) for token_id in ids}
        assert None not in following
        fresh = {after for after in following if after is not None} - seen
        seen |= fresh
        waiting += fresh
    assert State(grammar.end, 0) in seen


def test_only_the_allowed_tokens_have_a_next_state(vocabulary: Vocabulary) -> None:
    grammar = grammar_of(Prompt(Key.parse("D"), "jig"), vocabulary)
    state: State | None = grammar.start
    for token_id in vocabulary.encode(words("R:jig M:6/8 K:maj F:AABB |: bars=8 pickup=0")):
        assert state is not None
        assert grammar.mask(state)[token_id]
        state = grammar.next(state, token_id)
    assert state is not None
    allowed = [vocabulary.tokens[i] for i in np.flatnonzero(grammar.mask(state))]
    assert "C6" in allowed
    assert not {"|", "|]", "C8", "|:", "bars=8"} & set(allowed)
    assert grammar.next(state, vocabulary.ids["|"]) is None


def test_the_tables_show_the_network_what_it_was_trained_with(vocabulary: Vocabulary) -> None:
    stream = random.Random(5)
    for rhythm, form in (("reel", "AABB:8"), ("jig", "AABBCC:4"), ("waltz", "AABA:16"), ("slip jig", "AB:4")):
        grammar = grammar_of(Prompt(Key.parse("Ador"), rhythm, form=Form.parse(form)), vocabulary)
        parts = grammar.rules.form.sounding
        inputs = "position", "place", "part", "plan"
        state, encoder = grammar.start, InputEncoder(vocabulary, parts, (1, 2, 3), inputs)
        for token in random_path(grammar, stream):
            token_id = vocabulary.ids[token]
            after = grammar.next(state, token_id)
            assert after is not None
            state = after
            if state.node == grammar.end:
                break
            position, *others = encoder.read(token, token_id)
            music = grammar.nodes[state.node].kind == MUSIC
            assert position == (state.position + 1 if music else 0)
            assert others == [grammar.place[state.node], grammar.part[state.node], grammar.planned[state.node]]
            if music:
                assert encoder.bar == grammar.bar_number[state.node]


@pytest.mark.parametrize("closes", [(), (True,), (False, True), (True, True)])
def test_parts_that_are_to_close_end_on_the_tonic(vocabulary: Vocabulary, closes: tuple[bool, ...]) -> None:
    rules = detokenize.rules(Prompt(Key.parse("Ador"), "jig", form=Form.parse("AABBCC:4")), vocabulary)
    grammar, stream = Grammar(vocabulary, replace(rules, closes=closes)), random.Random(1)
    ends = [[plan.closes for plan in plans_of(decode(random_path(grammar, stream)).parts)] for _ in range(12)]
    for part, closing in enumerate((*closes, *(False,) * (2 - len(closes)), True)):
        assert all(end[part] for end in ends) is closing, part


def test_a_length_of_two_tied_notes_may_be_given_and_is_never_drawn(vocabulary: Vocabulary) -> None:
    grammar = grammar_of(Prompt(Key.parse("D"), "reel"), vocabulary)
    state: State | None = grammar.start
    for token in words("R:reel M:4/4 K:maj F:AABB |: bars=8 pickup=0"):
        assert state is not None
        state = grammar.next(state, vocabulary.ids[token])
    assert state is not None
    drawn = [vocabulary.tokens[i] for i in np.flatnonzero(grammar.mask(state))]
    assert {"C", "C2", "C3", "C4"} < set(drawn)
    assert not [token for token in drawn if token.lstrip("^_CDEFGABcdefgabz,'") in ("5", "9", "11", "5/2")]
    five = next(i for i, token in enumerate(vocabulary.tokens) if token.endswith("5") and token[0] in "CDEFGABcdefgabz")
    assert grammar.next(state, five) == State(state.node, 60)


def rules_of_the_books(tune: CorpusTune, form: Form) -> Rules:
    return Rules(tune.tokens[:4], ticks(tune.normalized.metre), form, 0, 127, strict=False)


def test_tunes_of_the_books_are_allowed_paths(books: Corpus) -> None:
    vocabulary, grammars, tried = books.vocabulary(), dict[Rules, Grammar](), 0
    for tune in books.tunes:
        form = form_of(tune.normalized.parts)
        if form is None:
            continue
        tokens = list(tune.tokens)
        if form.parts == "AABA":  # the last A is the first one again, and not composed
            tokens[4:] = encode(replace(tune.normalized, parts=tune.normalized.parts[:-1]))[4:]
        rules = rules_of_the_books(tune, form)
        if rules not in grammars:
            grammars[rules] = Grammar(vocabulary, rules)
        allowed = accepts(grammars[rules], tokens)
        assert allowed == len(tokens), (tune.title, tokens[allowed - 3 : allowed + 1])
        tried += 1
    assert tried > 100


def test_a_broken_path_is_followed_to_where_it_breaks(vocabulary: Vocabulary) -> None:
    grammar = grammar_of(Prompt(Key.parse("D"), "jig"), vocabulary)
    tokens = words("R:jig M:6/8 K:maj F:AABB |: bars=8 pickup=0 C3 E3 | C6 | C2 |")
    assert accepts(grammar, tokens) == len(tokens) - 1
    assert accepts(grammar, ["R:reel"]) == 0
    assert accepts(grammar, ["R:jig", "no such token"]) == 1


def test_every_form_and_key_has_rules(vocabulary: Vocabulary) -> None:
    for key, form in itertools.product(KEYS, FORMS):
        rules = detokenize.rules(Prompt(key, "reel", form=form), vocabulary)
        assert rules.high - rules.low == HIGHEST - LOWEST
