"""Every text is cut to what Discord takes where it leaves, and leaves by no other way."""

import ast
from pathlib import Path

import discord
import pytest

import bot.discord
from bot.core.errors import NotFound
from bot.discord.bounds import bounded, content, cut
from bot.discord.errors import error_line
from bot.discord.messages.content import MessageContent

SENDS = {"send", "send_message", "edit", "edit_message", "edit_original_response"}
TEXTS = {"content", "embed", "embeds"}


def test_a_text_that_is_too_long_ends_in_an_ellipsis() -> None:
    assert cut("x" * 2000) == "x" * 2000
    assert cut("x" * 2001) == "x" * 1999 + "…"
    assert content("y" * 3000)["content"].endswith("y…")
    assert cut(r"a\*" * 4, 6) == r"a\*a…", "no backslash without what it escapes"


def test_each_text_of_an_embed_has_its_own_limit() -> None:
    embed = discord.Embed(title="t" * 300, description="d" * 5000).set_footer(text="f" * 3000)
    embed.add_field(name="n" * 300, value="v" * 2000)
    (fitting,) = bounded([embed])
    assert len(embed.title or "") == 300, "the original stays"
    texts = [fitting.title, fitting.footer.text, fitting.fields[0].name, fitting.fields[0].value]
    assert [len(text or "") for text in texts] == [256, 2048, 256, 1024]
    assert len(fitting) <= 6000


def test_embeds_of_one_message_share_a_limit() -> None:
    fitting = bounded([discord.Embed(title="one", description="d" * 4000) for _ in range(4)])
    assert sum(map(len, fitting)) <= 6000
    assert [bool(embed.description) for embed in fitting] == [True] * 4


def test_a_message_is_bounded_however_it_is_sent() -> None:
    message = MessageContent("c" * 3000, (discord.Embed(description="d" * 5000),))
    for arguments in (message.send(), message.edit()):
        assert (len(arguments["content"]), len(arguments["embeds"][0].description)) == (2000, 4096)


def test_an_error_with_a_long_text_fits_into_a_message() -> None:
    opening = "/".join(f"A99{n}A9" for n in range(300))
    assert len(error_line(NotFound(f"the opening {opening} has no notes"))) == 2000


@pytest.mark.parametrize("path", sorted(Path(bot.discord.__file__).parent.rglob("*.py")), ids=lambda path: path.stem)
def test_no_text_leaves_another_way(path: Path) -> None:
    """Texts are arguments that `bounds` or MessageContent made, which are passed with `**`."""
    for call in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in SENDS:
            named = {keyword.arg for keyword in call.keywords}
            assert not call.args, f"{path.name}:{call.lineno}: a text that nobody cuts"
            assert not named & TEXTS, f"{path.name}:{call.lineno}: a text that nobody cuts"
