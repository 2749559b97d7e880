"""What members write becomes versions of tunes, apart from what the model made."""

import pytest

from bot.core.errors import BadRequest, NotFound
from bot.core.values import Place
from bot.library.editing import LONGEST_TITLE, Editor
from bot.library.library import Library
from bot.store import Store
from model.errors import InputError
from model.prompt import EDITED
from tests.bot.running_bot import Renderer
from tests.bot.store.samples import ABC, a_tune

HOME = Place("web", "home", "ben", "Ben")
MINE = "X:1\nT:Mine\nR:jig\nM:6/8\nL:1/8\nK:G\nGBd gdB|G6|\n"


@pytest.fixture
def editor(store: Store) -> Editor:
    renderer = Renderer()
    return Editor(store, Library(store, renderer), renderer)


async def test_a_version_is_a_tune_of_its_own_that_nothing_learns_from(store: Store, editor: Editor) -> None:
    origin = await a_tune(store)
    made = await editor.save(origin.id, HOME, MINE)
    assert (made.title, made.abc, made.member_name, made.varied_from) == ("Mine", MINE, "Ben", origin.id)
    assert (str(made.prompt.key), made.prompt.rhythm, made.prompt.vary) == ("G", "jig", EDITED)
    assert (await editor.library.tune(origin.id, HOME)).abc == ABC
    other, _ = await store.members.register(Place("web", "home", "cat", "Cat"))
    await store.votes.cast(made.id, other, 1)
    assert await store.training_votes.count(("web",), 10) == 0
    assert await store.prompts.unfinished(("web",)) == []
    assert [tune.id for tune in (await editor.library.relations(origin, HOME)).varied_by] == [made.id]


async def test_a_draft_is_moved_to_another_key_of_its_mode(editor: Editor) -> None:
    moved = (await editor.draft(MINE, "D")).abc
    assert "K:D\n" in moved
    assert "DFA dAF" in moved
    with pytest.raises(InputError, match="modes differ"):
        await editor.draft(MINE, "Em")


@pytest.mark.parametrize(
    ("abc", "line"),
    [
        ("", "no K: field"),
        ("X:1\nK:D\nzzz|", "no notes"),
        ("X:1\nK:D\nDEF nonsense|", "line 3"),
        ("X:1\nK:D\n" + "D|" * 5000, "characters"),
        ("X:1\nK:D\n" + "D|" * 450, "bars"),
        (f"X:1\nT:{'long ' * 100}\nK:D\nDEFG|", str(LONGEST_TITLE)),
    ],
)
async def test_what_cannot_be_kept_is_refused_in_a_line(store: Store, editor: Editor, abc: str, line: str) -> None:
    origin = await a_tune(store)
    with pytest.raises((BadRequest, InputError), match=line):
        await editor.save(origin.id, HOME, abc)
    assert (await editor.library.relations(origin, HOME)).varied_by == ()


async def test_a_tune_of_another_server_cannot_be_edited(store: Store, editor: Editor) -> None:
    origin = await a_tune(store)
    with pytest.raises(NotFound):
        await editor.save(origin.id, Place("web", "elsewhere", "x", "X"), MINE)
