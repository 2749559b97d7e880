"""/tune, /top, /mine, /tunebook and /help."""

from pathlib import Path
from typing import Any

from bot.discord.commands import tunebook
from bot.library.tunebook import Tunebook
from tests.bot.discord.simulated_server import Stage, custom_ids, files, stage


def text(result: Any) -> str:
    """All that an answer says."""
    message = result.response or result.followups[-1]
    return "\n".join([message.content, *(f"{embed.title}\n{embed.description}" for embed in message.embeds)])


async def liked(on: Stage, tune_id: int, *values: int) -> None:
    for number, value in enumerate(values):
        member, _ = await on.bot.store.members.register(_place(on, f"voter{number}"))
        await on.bot.store.votes.cast(tune_id, member, value)


def _place(on: Stage, member: str) -> Any:
    from bot.core.values import Place

    return Place("discord", str(on.guild.id), member, member)


async def test_an_older_tune_is_shown_with_its_buttons(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await on.composed()
        result = await on.ben.slash(on.channel, "tune", id=1)
        message = on.message(result.response.id)
        assert message
        assert message.embeds[0].title.startswith("Seed")  # type: ignore[union-attr]
        assert sorted(files(message)) == ["abc", "mid", "mp3", "png"]
        assert "tune:1:up" in custom_ids(message)
        unknown = await on.ben.slash(on.channel, "tune", id=99)
        assert "There is no tune 99" in text(unknown)


async def test_the_best_lead_by_period_and_rhythm(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        for rhythm in ("reel", "jig", "reel"):
            await on.composed(rhythm=rhythm)
        empty = await on.ben.slash(on.channel, "top")
        assert "press 👍" in text(empty)
        assert empty.ephemeral
        await liked(on, 1, 1)
        await liked(on, 3, 1, 1, 1, -1)
        await liked(on, 2, 1, 1)
        for period in ("day", "week", "month", "all"):
            shown = text(await on.ben.slash(on.channel, "top", period=period))
            rows = shown.splitlines()[2:]
            assert [row[:1] for row in rows] == ["🥇", "🥈", "🥉"]
            assert rows[0].endswith(("👍 2", "👍 3 · 👎 1"))
            assert rows[2].endswith("👍 1")
        jigs = text(await on.ben.slash(on.channel, "top", rhythm="Jig"))
        assert jigs.splitlines()[1] == "Best jigs, all time"
        assert jigs.count("👍") == 1
        assert "Unknown rhythm" in text(await on.ben.slash(on.channel, "top", rhythm="tango"))


async def test_the_best_waltzes_have_their_plural(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await on.composed(rhythm="waltz")
        await liked(on, 1, 1)
        assert text(await on.ben.slash(on.channel, "top", rhythm="waltz")).splitlines()[1] == "Best waltzes, all time"


async def test_a_tune_of_a_list_is_shown_to_whoever_chooses_it(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await on.composed()
        await liked(on, 1, 1)
        board = await on.ann.slash(on.channel, "top")
        message = on.message(board.response.id)
        assert message
        chosen = await on.ben.select(message, ["1"], custom_id="show")
        assert chosen.ephemeral
        assert chosen.response.embeds[0].title.startswith("Seed")
        await on.bot.store.tunes.delete(1)
        gone = await on.ben.select(message, ["1"], custom_id="show")
        assert "deleted" in text(gone)


async def test_own_tunes_are_paged_and_for_their_member_alone(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        none = await on.ben.slash(on.channel, "mine")
        assert "/compose" in text(none)
        for _ in range(12):
            await on.bot.finished(on_prompt(), place=ann(on))
        first = await on.ann.slash(on.channel, "mine")
        assert first.ephemeral
        assert text(first).count("•") == 10
        await on.ann.click(first.response, custom_id="mine:3")
        assert text(first).count("•") == 2
        await on.ann.click(first.response, custom_id="mine:0")
        assert text(first).count("•") == 10


def on_prompt() -> Any:
    from model.prompt import parse_prompt

    return parse_prompt("D", "reel", seed=1)


def ann(on: Stage) -> Any:
    from bot.core.values import Place

    return Place("discord", str(on.guild.id), str(on.ann.id), "ann")


async def test_a_tunebook_is_a_pdf_and_an_abc_file(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        empty = await on.ann.slash(on.channel, "tunebook")
        assert "tunebook is empty" in text(empty)
        message = await on.composed()
        await on.ann.click(message, custom_id="tune:1:up")
        mine = await on.ann.slash(on.channel, "tunebook", whose="mine")
        assert mine.ephemeral
        assert [each.filename for each in mine.response.attachments] == ["anns-favourites.pdf", "anns-favourites.abc"]
        ours = await on.ben.slash(on.channel, "tunebook", whose="server")
        assert not ours.ephemeral
        assert len(ours.response.attachments) == 2


def test_a_book_that_is_too_large_comes_without_its_pdf() -> None:
    book = Tunebook("*Ann*", "ann", 1, b"abc", b"%PDF-1.7")
    whole, part = (tunebook._shown(book, limit) for limit in (11, 10))
    assert [[file.filename for file in shown["attachments"]] for shown in (whole, part)] == [
        ["ann.pdf", "ann.abc"],
        ["ann.abc"],
    ]
    assert whole["content"] == r"**\*Ann\***, one tune"
    assert part["content"].endswith("The PDF is larger than Discord takes here.")


async def test_what_members_typed_is_escaped(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        odd = on.member("**@everyone**")
        message = await on.composed(member=odd)
        await odd.click(message, custom_id="tune:1:up")
        book = await odd.slash(on.channel, "tunebook")
        assert "**@everyone**’s" not in book.response.content
        assert "@everyone" not in book.response.content.replace("@\u200beveryone", "")


async def test_help_shows_what_can_be_asked(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        result = await on.ben.slash(on.channel, "help")
        assert result.ephemeral
        for name in ("compose", "top", "mine", "tune", "tunebook", "settings"):
            assert f"/{name}" in text(result)


async def test_suggestions_come_while_one_types(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        keys = await on.ann.autocomplete(on.channel, "compose", "key", "e do")
        assert keys == [{"name": "E dorian", "value": "Edor"}]
        assert len(await on.ann.autocomplete(on.channel, "compose", "key", "")) == 25
        rhythms = await on.ann.autocomplete(on.channel, "top", "rhythm", "slip")
        assert [choice["value"] for choice in rhythms] == ["slip jig"]
        forms = await on.ann.autocomplete(on.channel, "compose", "form", "aabb:4", key="D")
        assert [choice["value"] for choice in forms] == ["AABB:4"]
