"""Plain words: what is plain is a command, what is not has one near it."""

import pytest

from bot.core.errors import Unclear
from bot.web.commands import Compose, parse
from bot.web.plain_words import understand


@pytest.mark.parametrize(
    ("said", "command"),
    [
        ("a jig in D please", "/compose key:D rhythm:jig"),
        ("Make me a reel in E minor", "/compose key:Em rhythm:reel"),
        ("two wild slip jigs in e dorian", "/compose key:Edor temperature:2.0 count:2 rhythm:slip jig"),
        ("a waltz in B flat", "/compose key:Bb rhythm:waltz"),
        ("hornpipe in F# minor, AABB", "/compose key:F#m rhythm:hornpipe form:AABB"),
        ("something in the key of A mixolydian", "/compose key:Amix"),
        ("three careful polkas in Bb", "/compose key:Bb temperature:0.5 count:3 rhythm:polka"),
        ("a march in Am", "/compose key:Am rhythm:march"),
    ],
)
def test_what_is_plain_is_composed(said: str, command: str) -> None:
    understood = understand(said)
    assert understood
    assert understood.whole, understood
    assert sorted(understood.command.split()) == sorted(command.split())
    assert isinstance(parse(said), Compose)


@pytest.mark.parametrize(
    ("said", "command"),
    [
        ("a jig please", "/compose key:D rhythm:jig"),
        ("a sad reel in D about my dog", "/compose key:D rhythm:reel"),
        ("hello", "/compose key:Edor"),
        ("what is a jig?", "/compose key:D rhythm:jig"),
        ("<b>x</b>", "/compose key:Edor"),
        ("/compos key:G", "/compose key:G"),
        ("/frobnicate", "/help"),
        ("/libary", "/help"),
    ],
)
def test_what_is_not_has_the_nearest_command(said: str, command: str) -> None:
    with pytest.raises(Unclear) as refusal:
        parse(said)
    assert refusal.value.command.strip() == command
