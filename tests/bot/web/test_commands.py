"""Commands of the page: what they ask for, and the line that a mistake gets."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import BadRequest
from bot.web.commands import EXAMPLES, LONGEST_TEXT, Compose, Help, catalogue, commands, parse, prompt_options
from model.errors import InputError
from model.music.form import Form
from model.music.key import Key, all_keys
from model.music.rhythm import RHYTHMS
from model.prompt import Prompt, parse_prompt

EVERY_OPTION = '/compose key:Edor rhythm:slip jig temperature:0.9 form:AABB:16 seed:7 opening:"EBBA B2EB|" count:3'


def composed(text: str) -> Compose:
    command = parse(text)
    assert isinstance(command, Compose)
    return command


def test_every_option_is_parsed() -> None:
    prompt = Prompt(Key.parse("Edor"), "slip jig", 0.9, Form("AABB", 16), 7, "EBBA B2EB|")
    assert composed(EVERY_OPTION) == Compose(prompt, 3)


@pytest.mark.parametrize(
    "text",
    [
        "/compose key:E dorian seed:1",
        "/compose  KEY: Edor   seed: 1",
        "/compose seed:1 key:edor",
        "/Compose\nkey:Edor seed:1 ",
        '/compose key:"E dorian" seed:1',
    ],
)
def test_spacing_case_and_order_do_not_matter(text: str) -> None:
    command = composed(text)
    assert (str(command.prompt.key), command.prompt.seed, command.count) == ("Edor", 1, 1)


def test_an_opening_may_be_a_whole_tune_to_transpose() -> None:
    command = composed('/compose key:D opening:"[X:1][T:A: tune][K:G] |:dBG" transpose:yes seed:1')
    assert (command.prompt.opening, command.prompt.transpose) == ("[X:1][T:A: tune][K:G] |:dBG", True)


def test_an_opening_may_hold_colons_chords_and_curly_quotes() -> None:
    assert composed('/compose key:D opening:"|:"G"dBG ABA:|" seed:1').prompt.opening == '|:"G"dBG ABA:|'
    assert composed("/compose key:D opening:“dBG ABA”").prompt.opening == "dBG ABA"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hello", ["/compose key:Edor"]),
        ("/", ["/compose, /help, /tune, /top, /mine, /tunebook, /mydata and /report"]),
        ("/sing", ["/sing", "/compose, /help, /tune, /top, /mine, /tunebook, /mydata and /report"]),
        ("/compose", ["Which key", "/compose key:Edor"]),
        ("/compose key:", ["Which key"]),
        ("/compose rhythm:reel", ["Which key"]),
        ("/compose Edor", ["Edor", "name:value"]),
        ("/compose key:D pitch:3", ["pitch", "temperature"]),
        ("/compose key:D key:E", ["key", "twice"]),
        ("/compose key:H", ["H", "Edor"]),
        ("/compose key:D#lydianish", ["D#lydianish"]),
        ("/compose key:D rhythm:tango", ["tango", "reel"]),
        ("/compose key:D temperature:0", ["0.1", "2.0"]),
        ("/compose key:D temperature:NaN", ["0.1", "2.0"]),
        ("/compose key:D form:ABBA", ["ABBA", "AABB"]),
        ("/compose key:D seed:-1", ["-1"]),
        ("/compose key:D transpose:perhaps", ["transpose is perhaps", "yes or no"]),
        ("/compose key:D count:0", ["1 to 4"]),
        ("/compose key:D count:1000", ["1 to 4"]),
        ("/compose key:D count:1\n2", ["count is 1 2"]),
        ('/compose key:D opening:"EBBA', ["quote"]),
        ("/compose key:D opening:" + "E" * 5000, [str(LONGEST_TEXT)]),
    ],
)
def test_a_mistake_gets_one_line_that_helps(text: str, words: list[str]) -> None:
    with pytest.raises((BadRequest, InputError)) as caught:
        parse(text)
    line = str(caught.value)
    assert "\n" not in line
    assert len(line) < 200
    assert all(word in line for word in words)


def test_help_and_every_example_can_be_typed() -> None:
    assert isinstance(parse("/help"), Help)
    assert all(isinstance(parse(example), Compose) for example in EXAMPLES)


@given(st.text(max_size=200))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    for line in (text, f"/compose {text}", f"/compose key:D {text}", f'/compose key:D opening:"{text}"'):
        refusal = None
        try:
            parse(line)
        except (BadRequest, InputError) as error:
            refusal = error
        assert refusal is None or len(str(refusal).splitlines()) == 1


@given(
    key=st.sampled_from(all_keys()),
    rhythm=st.sampled_from(list(RHYTHMS)),
    temperature=st.sampled_from([0.1, 0.85, 1.0, 2.0]),
    form=st.builds(Form, st.sampled_from(Form.FORMS), st.sampled_from(Form.BARS)),
    seed=st.integers(0, 2**31 - 1),
    opening=st.sampled_from(["", "EBBA B2EB|", '"G"dBG|']),
    transpose=st.booleans(),
    count=st.integers(1, 4),
)
def test_the_options_of_a_prompt_ask_for_the_same_prompt(
    key: Key, rhythm: str, temperature: float, form: Form, seed: int, opening: str, transpose: bool, count: int
) -> None:
    prompt = Prompt(key, rhythm, temperature, form, seed, opening, transpose)
    text = " ".join(f"{name}:{value}" for name, value in prompt_options(prompt, count))
    assert parse(f"/compose {text}") == Compose(prompt, count)


def test_every_suggestion_is_accepted() -> None:
    plain = parse_prompt("D", "reel", seed=1)
    (compose,) = (command for command in commands() if command.name == "compose")
    for option in compose.options:
        for value in option.values:
            options = {"key": "D", "rhythm": "reel", "seed": "1"} | {option.name: value.text}
            text = " ".join(f"{name}:{text}" for name, text in options.items())
            assert isinstance(parse(f"/compose {text}"), Compose), value
    assert composed("/compose key:D rhythm:reel seed:1").prompt == replace(plain)


def test_the_catalogue_offers_all_keys_but_locrian_and_all_rhythms() -> None:
    compose, help_, *_ = catalogue()["commands"]
    values = {option["name"]: [value["text"] for value in option["values"]] for option in compose["options"]}
    assert sorted(values["key"]) == sorted(str(key) for key in all_keys() if key.mode != "loc")
    assert values["rhythm"] == list(RHYTHMS)
    assert help_["name"] == "help"
