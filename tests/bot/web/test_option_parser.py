"""`name:value` pairs: quotes, spaces, and the line that a mistake gets."""

import time
from contextlib import suppress

import pytest

from bot.core.errors import BadRequest
from bot.web.option_parser import Option, parse_options

OPTIONS = (Option("key", "a key"), Option("rhythm", "a dance"), Option("opening", "bars", quoted=True))


def parsed(text: str) -> dict[str, str]:
    return dict(parse_options(text, "compose", OPTIONS, "/compose key:D"))


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("", {}),
        ("key:D", {"key": "D"}),
        ("KEY: E  dorian   rhythm:slip jig", {"key": "E dorian", "rhythm": "slip jig"}),
        ('rhythm:"slip jig" key:D', {"rhythm": "slip jig", "key": "D"}),
        ('opening:"|:"G"dBG  ABA:|" key:D', {"opening": '|:"G"dBG  ABA:|', "key": "D"}),
        ("opening:“dBG ABA” key:D", {"opening": "dBG ABA", "key": "D"}),
    ],
)
def test_pairs_are_parsed(text: str, options: dict[str, str]) -> None:
    assert parsed(text) == options


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("D", "What is “D”? Write options as name:value, for example /compose key:D"),
        ("pitch:3", "/compose has no option “pitch”: it has key, rhythm, opening."),
        ("key:D key:E", "The option key stands there twice: keep one."),
        ('opening:"EBBA', 'The opening opens a quote that never closes: write opening:"…"'),
    ],
)
def test_a_mistake_gets_one_line(text: str, line: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parsed(text)
    assert str(caught.value) == line


@pytest.mark.parametrize("filler", ['" ', " ", "a", "a: ", '"', "key:"])
def test_no_text_takes_long(filler: str) -> None:
    text = 'opening:"' + filler * 3900
    start = time.process_time()
    with suppress(BadRequest):
        parsed(text)
    assert time.process_time() - start < 0.5
