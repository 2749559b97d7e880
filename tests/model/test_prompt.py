import json
import random
from typing import Any

import pytest

from model.errors import InputError
from model.music.rhythm import RHYTHMS
from model.prompt import LARGEST_SEED, Prompt, parse_count, parse_prompt, plain_title

PROMPT = parse_prompt("Edor", "slip jig", 0.9, "AABB:16", 7, "EBBA|", True, "endings")


@pytest.mark.parametrize("prompt", [PROMPT, parse_prompt("D", "reel", seed=1)], ids=["all options", "few options"])
def test_a_prompt_survives_json(prompt: Prompt) -> None:
    read = Prompt.from_json(json.loads(json.dumps(prompt.to_json())))
    assert read == prompt
    assert hash(read) == hash(prompt)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"colour": "red"}, "knows no field 'colour' of a prompt"),
        ({"key": 5}, "the field 'key' of a prompt cannot be int"),
        ({"key": "H"}, "unknown key 'H'"),
        ({"rhythm": None}, "the field 'rhythm' of a prompt cannot be NoneType"),
        ({"temperature": "hot"}, "the field 'temperature' of a prompt cannot be str"),
        ({"temperature": True}, "the field 'temperature' of a prompt cannot be bool"),
        ({"temperature": float("nan")}, "temperature is nan"),
        ({"temperature": 1e300}, "temperature is 1e"),
        ({"form": ["AABB"]}, "the field 'form' of a prompt cannot be list"),
        ({"form": "ABBA"}, "unknown form 'ABBA'"),
        ({"seed": 7.5}, "the field 'seed' of a prompt cannot be float"),
        ({"opening": {}}, "the field 'opening' of a prompt cannot be dict"),
        ({"transpose": 1}, "the field 'transpose' of a prompt cannot be int"),
        ({"vary": "sideways"}, "vary is sideways"),
        ({"opening": ""}, "nothing to vary"),
    ],
)
def test_a_wrong_field_is_refused_in_one_line_that_names_it(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as refusal:
        Prompt.from_json(PROMPT.to_json() | changed)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("field", PROMPT.to_json())
def test_a_missing_field_is_named(field: str) -> None:
    data = PROMPT.to_json()
    del data[field]
    with pytest.raises(InputError, match=f"the prompt has no field '{field}'"):
        Prompt.from_json(data)


@pytest.mark.parametrize("data", [None, 5, "cancel", [], [["id", "x"]]])
def test_only_an_object_is_a_prompt(data: object) -> None:
    with pytest.raises(InputError, match="a prompt is a JSON object, not"):
        Prompt.from_json(data)


def test_what_is_typed_is_parsed() -> None:
    prompt = parse_prompt("e dorian", "Slip-Jigs", "0.9", "aabb:16", "7", " EBBA| ", "Yes", "endings")
    assert prompt == PROMPT


def test_an_omitted_rhythm_and_seed_are_drawn() -> None:
    random.seed(1)
    prompts = [parse_prompt("D") for _ in range(200)]
    assert {prompt.rhythm for prompt in prompts} == set(RHYTHMS)
    assert len({prompt.seed for prompt in prompts}) > 190
    assert all(0 <= prompt.seed <= LARGEST_SEED for prompt in prompts)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": "hot"}, "temperature is hot: choose from 0.1"),
        ({"temperature": "nan"}, "temperature is nan"),
        ({"temperature": 2.01}, "temperature is 2.01"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": "7.5"}, "seed is 7.5"),
        ({"seed": LARGEST_SEED + 1}, "choose a whole number from 0 to"),
        ({"opening": "A" * 2001}, "the opening has 2001 characters"),
        ({"transpose": "perhaps"}, "transpose is perhaps: say yes or no"),
        ({"vary": "sideways", "opening": "A"}, "vary is sideways: choose parts or endings"),
        ({"vary": "parts"}, "nothing to vary"),
    ],
)
def test_a_wrong_option_is_refused_in_one_line(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as refusal:
        parse_prompt("D", "reel", **options)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("typed", "transposes"), [("Yes", True), (True, True), ("no", False), (False, False), ("", False)]
)
def test_transpose_is_yes_or_no(typed: str | bool, transposes: bool) -> None:
    assert parse_prompt("D", transpose=typed).transpose is transposes


def test_a_count_is_a_whole_number_within_its_limit() -> None:
    assert [parse_count("3"), parse_count(4, most=4)] == [3, 4]
    for count in ("0", "5", "-1", "1.5", "many", ""):
        with pytest.raises(InputError, match="ask for 1 to 4 tunes"):
            parse_count(count, most=4)


def test_a_plain_title_has_rhythm_and_seed() -> None:
    assert plain_title("slip jig", 11) == "Tunesmith's Slip Jig No. 11"
