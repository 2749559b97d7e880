"""The finished message fits into what Discord takes."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.core.values import Progress, State, StoredPrompt, StoredTune
from bot.discord.messages.tunes import answer, choice
from bot.discord.messages.wording import ended
from model.prompt import parse_prompt

TUNE = StoredTune(
    1, 1, 1, "*ann* @everyone", 1, parse_prompt("Edor", "reel", seed=7), 1, "The *Long* Lane", "X:1", datetime.now(UTC)
)
MEDIA = {"png": b"p" * 100, "mp3": b"m" * 1000, "mid": b"i" * 10, "abc": b"a" * 10}


def kinds(names: list[str]) -> list[str]:
    return [name.rpartition(".")[2] for name in names]


@pytest.mark.parametrize(("limit", "heard"), [(1120, True), (1119, False)])
def test_audio_that_is_too_large_is_left_out_and_the_message_says_so(limit: int, heard: bool) -> None:
    shown = answer(TUNE, MEDIA, limit)
    assert kinds([name for name, *_ in shown.files]) == ["png", *(["mp3"] if heard else []), "mid", "abc"]
    assert ("larger than Discord takes" in shown.content) is not heard


def test_four_tunes_and_the_chosen_one_take_ten_attachments() -> None:
    tunes = [replace(TUNE, id=number) for number in range(1, 5)]
    shown = choice(tunes, {tune.id: MEDIA for tune in tunes}, 10_000, 3)
    assert len(shown.files) == 10
    assert len({name for name, *_ in shown.files}) == 10
    assert sum(map(len, shown.embeds)) < 6000


def test_titles_are_escaped() -> None:
    (embed,) = answer(TUNE, MEDIA, 10_000).embeds
    assert embed.title == r"The \*Long\* Lane"
    first, _ = choice([TUNE, TUNE], {1: MEDIA}, 10_000, None).embeds
    assert first.title == r"1. The \*Long\* Lane"


def test_the_picture_is_described_to_those_who_do_not_see_it() -> None:
    assert answer(TUNE, MEDIA, 10_000).files[0][2] == "Sheet music of The *Long* Lane: a reel in E dorian, AABB:8"


def test_a_variation_says_of_what() -> None:
    (embed,) = answer(replace(TUNE, id=2, varied_from=1), MEDIA, 10_000).embeds
    assert (embed.footer.text or "").startswith("Tune 2 · varies tune 1 · model v1")


def test_what_failed_is_told_escaped() -> None:
    failed = StoredPrompt(
        1, 1, "ann", 1, TUNE.prompt, 1, State.FAILED, 1, TUNE.created_at, error="bar 1 has `x`, @everyone"
    )
    assert ended(Progress(failed)) == "Bar 1 has \\`x\\`, @\u200beveryone"
