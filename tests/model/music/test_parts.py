import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.errors import NotationError
from model.music.abc_reader import parse
from model.music.form import Form
from model.music.key import Key
from model.music.parts import Part, form_of, label, parts_of, well_formed, with_parts
from model.music.tune import Tune
from tests.model.tunes import METRES, parts, tunes

FOUR = "C8|D8|E8|"


def read(music: str, key: str = "C") -> Tune:
    return parse(f"X:1\nM:4/4\nL:1/8\nK:{key}\n{music}")


@given(tunes(), st.data())
@settings(max_examples=25, deadline=None)
def test_parts_put_together_come_apart_the_same(tune: Tune, data: st.DataObject) -> None:
    metre = data.draw(st.sampled_from(METRES))
    before = data.draw(
        st.lists(parts(metre, metre.length / 4 if metre.beats == 4 else metre.length * 0), min_size=1, max_size=4)
    )
    whole = with_parts(Tune("", tune.key, metre, ()), before)
    assert parts_of(whole) == tuple(before)


@pytest.mark.parametrize(
    ("music", "form"),
    [
        (f"|:{FOUR}F8:|\n|:{FOUR}G8:|", "AABB:4"),
        (f"{FOUR}F8:|\n{FOUR}G8:|", "AABB:4"),
        (f"{FOUR}F8||\n{FOUR}G8|]", "AB:4"),
        (f"|:{FOUR}F8:|\n{FOUR}G8||\n{FOUR}F8|]", "AABA:4"),
        (f"|:{FOUR}F8:|\n|:{FOUR}G8:|\n|:{FOUR}A8:|", "AABBCC:4"),
        (f"|:{FOUR}[1F8:|[2G8|]\n|:{FOUR}A8:|", "AABB:4"),
        (f"|:z2|{FOUR}F6:|\n|:G2|{FOUR}G6:|", "AABB:4"),
    ],
)
def test_forms_are_named(music: str, form: str) -> None:
    assert str(form_of(parts_of(read(music)))) == form


@pytest.mark.parametrize("music", ["C8|]", f"{FOUR}F8|]", f"|:{FOUR}F8:|\n|:{FOUR}{FOUR}F8:|", f"|:{FOUR}F8:|"])
def test_other_forms_have_no_name(music: str) -> None:
    assert form_of(parts_of(read(music))) is None


def test_forty_parts_have_a_label() -> None:
    one = [Part((), (tuple(read("C" + str(1 + i) + "|").notes),)) for i in range(40)]
    assert label(one)[:27] == "ABCDEFGHIJKLMNOPQRSTUVWXYZA"


@pytest.mark.parametrize(
    ("music", "reason"),
    [
        ("C8|D9|E8|F8|]", "bar 2 of a part is 9/8 long; the metre says 1"),
        ("C8|D7|E8|F8|]", "bar 2 of a part is 7/8 long"),
        ("G2|C8|D8|E8|]", "do not make one bar"),
        ("C8|D8|E8|F6|]", "do not make one bar"),
        ("|:C8|[1D8:|E8|]", "do not balance"),
        ("|:C8|[2D8:|", "do not balance"),
        ("|:C8|[1D8:|[2E8|F8|]", "differ in length"),
        ("C8|[1D8|[2E8|]", "endings without a repeat"),
        ("|:C8|D8|]", "opened and not closed"),
        ("G2|]", "do not make one bar"),
    ],
)
def test_what_does_not_add_up_is_refused_with_its_reason(music: str, reason: str) -> None:
    with pytest.raises(NotationError, match=reason):
        parts_of(read(music))


@pytest.mark.parametrize(
    ("music", "rule", "mended"),
    [
        ("|:C8|D8|]", "repeat sign added", "|:C8|D8:|"),
        ("C8|D4|\nD4|E8|]", "split bar joined", "C8|D4D4|E8|]"),
        ("G2|C8|D8|E6F2|]", "pickup left out", "C8|D8|E6F2|]"),
        ("G2|C8|D8|E8|]", "last note fitted to the pickup", "G2|C8|D8|E6|]"),
        ("C8|D8|E6|]", "last note fitted to the pickup", "C8|D8|E8|]"),
    ],
)
def test_repairs_by_rule(music: str, rule: str, mended: str) -> None:
    used: list[str] = []
    assert parts_of(read(music), used.append) == parts_of(read(mended))
    assert used == [rule]


def test_a_pickup_cut_off_by_a_repeat_sign_goes_to_the_part_after_it() -> None:
    used: list[str] = []
    joined = parts_of(read("G2|:C8|D8|E6:|"), used.append)
    assert joined == parts_of(read("|:G2|C8|D8|E6:|"))


def test_what_cannot_be_mended_stays_refused() -> None:
    used: list[str] = []
    with pytest.raises(NotationError, match="bar 2"):
        parts_of(read("C8|D9|E8|F8|]"), used.append)


@pytest.mark.parametrize(
    ("music", "reason"),
    [
        (f"|:{FOUR}F8:|\n|:{FOUR}C8:|", ""),
        (f"|:{FOUR}F8:|\n|:{FOUR}G8:|", "tonic"),
        (f"|:{FOUR}F8:|\n|:{FOUR}z8:|", "tonic"),
        (f"|:{FOUR}F8:|\n{FOUR}C8|]", "of form"),
        (f"|:{FOUR}F6:|\n|:{FOUR}C8:|", "one bar"),
        (f"|:{FOUR}F8:|\n|:G2|{FOUR}C6:|", "one bar"),
    ],
)
def test_well_formed_says_what_is_wrong(music: str, reason: str) -> None:
    wrong = well_formed(read(music), Key.parse("C"), Form("AABB", 4))
    assert reason in wrong
    assert bool(reason) == bool(wrong)


def test_another_key_is_not_the_one_asked_for() -> None:
    assert "in C, not Cm" in well_formed(read(f"|:{FOUR}F8:|\n|:{FOUR}C8:|"), Key.parse("Cm"), Form("AABB", 4))
