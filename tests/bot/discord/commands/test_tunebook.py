"""/tunebook."""

from pathlib import Path

from bot.discord.commands import tunebook
from bot.library.tunebook import Tunebook
from tests.bot.discord.simulated_server import all_text, simulated_server


async def test_a_tunebook_is_a_pdf_and_an_abc_file(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        empty = await server.ann.slash(server.channel, "tunebook")
        assert "tunebook is empty" in all_text(empty)
        message = await server.composed()
        await server.ann.click(message, custom_id="tune:1:up")
        mine = await server.ann.slash(server.channel, "tunebook", whose="mine")
        assert mine.ephemeral
        assert [each.filename for each in mine.response.attachments] == ["anns-favourites.pdf", "anns-favourites.abc"]
        ours = await server.ben.slash(server.channel, "tunebook", whose="server")
        assert not ours.ephemeral
        assert len(ours.response.attachments) == 2


def test_a_book_that_is_too_large_comes_without_its_pdf() -> None:
    book = Tunebook("*Ann*", "ann", 1, b"abc", b"%PDF-1.7")
    whole, part = (tunebook._response(book, limit) for limit in (11, 10))
    assert [[file.name for file in response.attachments] for response in (whole, part)] == [
        ["ann.pdf", "ann.abc"],
        ["ann.abc"],
    ]
    assert whole.content == r"**\*Ann\***, one tune"
    assert part.content.endswith("The PDF is larger than Discord takes here.")


async def test_the_name_of_a_member_is_escaped(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        member = server.member("**@everyone**")
        message = await server.composed(member=member)
        await member.click(message, custom_id="tune:1:up")
        book = await member.slash(server.channel, "tunebook")
        assert "**@everyone**’s" not in book.response.content
        assert "@everyone" not in book.response.content.replace("@\u200beveryone", "")
