"""The message with finished tunes fits into what Discord takes."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.core.values import StoredTune
from bot.discord.messages.content import Attachment
from bot.discord.messages.tunes import several_tunes, single_tune
from model.prompt import parse_prompt

TUNE = StoredTune(
    1, 1, 1, "*ann* @everyone", 1, parse_prompt("Edor", "reel", seed=7), 1, "The *Long* Lane", "X:1", datetime.now(UTC)
)
MEDIA = {"png": b"p" * 100, "mp3": b"m" * 1000, "mid": b"i" * 10, "abc": b"a" * 10}


def kinds(attachments: tuple[Attachment, ...]) -> list[str]:
    return [attachment.name.rpartition(".")[2] for attachment in attachments]


@pytest.mark.parametrize(("limit", "audio"), [(1120, True), (1119, False)])
def test_audio_that_is_too_large_is_left_out_and_the_message_says_so(limit: int, audio: bool) -> None:
    message = single_tune(TUNE, MEDIA, limit)
    assert kinds(message.attachments) == ["png", *(["mp3"] if audio else []), "mid", "abc"]
    assert ("larger than Discord takes" in message.content) is not audio


def test_of_several_tunes_the_last_lose_their_audio_first() -> None:
    tunes = [replace(TUNE, id=number) for number in (1, 2)]
    message = several_tunes(tunes, {tune.id: MEDIA for tune in tunes}, 2000, None)
    assert kinds(message.attachments) == ["png", "mp3", "png"]


def test_four_tunes_and_the_chosen_one_take_ten_attachments() -> None:
    tunes = [replace(TUNE, id=number) for number in range(1, 5)]
    message = several_tunes(tunes, {tune.id: MEDIA for tune in tunes}, 10_000, 3)
    assert len(message.attachments) == 10
    assert len({attachment.name for attachment in message.attachments}) == 10
    assert sum(map(len, message.embeds)) < 6000


def test_titles_are_escaped() -> None:
    (embed,) = single_tune(TUNE, MEDIA, 10_000).embeds
    assert embed.title == r"The \*Long\* Lane"
    first, _ = several_tunes([TUNE, TUNE], {1: MEDIA}, 10_000, None).embeds
    assert first.title == r"1. The \*Long\* Lane"


def test_the_picture_has_an_alternative_text() -> None:
    picture = single_tune(TUNE, MEDIA, 10_000).attachments[0]
    assert picture.description == "Sheet music of The *Long* Lane: a reel in E dorian, AABB:8"


def test_a_variation_names_the_tune_that_it_varies() -> None:
    (embed,) = single_tune(replace(TUNE, id=2, varied_from=1), MEDIA, 10_000).embeds
    assert (embed.footer.text or "").startswith("Tune 2 · varies tune 1 · model v1")


def test_a_message_can_be_sent_and_edited_more_than_once() -> None:
    message = single_tune(TUNE, MEDIA, 10_000)
    for _ in range(2):
        assert [file.fp.read() for file in message.send()["files"]] == [
            MEDIA[kind] for kind in ("png", "mp3", "mid", "abc")
        ]
        assert len(message.edit()["attachments"]) == 4
