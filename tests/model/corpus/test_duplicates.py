from model.corpus.build import normalise
from model.corpus.duplicates import duplicate_groups
from model.encoding.tokenizer import NormalizedTune
from model.music.abc_reader import parse
from model.music.key import Key
from model.music.tune import transpose

KESH = (
    "|:G3 GAB|A3 ABd|edd gdd|edB dBA|G3 GAB|A3 ABd|edd gdB|AGF G3:|\n"
    "|:B2B dBd|ege dBA|B2B dBG|ABA AGA|BAB dBd|ege dBd|gfg aga|bgg g3:|"
)
OTHER = "|:DFA AFA|BAB d2e|fed edB|AFE E3|DFA AFA|BAB d2e|fed edB|AFD D3:|\n|:fgf fed|efe edB|d2d edB|AFE E3:|"


def jig(music: str, title: str = "The Kesh", key: str = "G", to: str = "") -> NormalizedTune:
    text = f"X:1\nT:{title}\nR:jig\nM:6/8\nL:1/8\nK:{key}\n{music}"
    tune = parse(text)
    return normalise(transpose(tune, Key.parse(to)) if to else tune, text, "book", []).normalized


def test_a_transposed_copy_under_another_title_is_a_duplicate() -> None:
    assert duplicate_groups([jig(KESH), jig(KESH, "Kincora", to="D")]) == [0, 0]


def test_a_slightly_varied_copy_is_a_duplicate() -> None:
    varied = KESH.replace("edd gdd", "edB gdB").replace("G3 GAB", "G2G GAB").replace("bgg", "bag")
    assert varied != KESH
    assert duplicate_groups([jig(KESH), jig(varied)]) == [0, 0]


def test_another_tune_is_none() -> None:
    assert duplicate_groups([jig(KESH), jig(OTHER, key="D"), jig(KESH)]) == [0, 1, 0]


def test_a_group_has_the_number_of_its_first_tune() -> None:
    assert duplicate_groups([jig(OTHER, key="D"), jig(KESH), jig(OTHER, key="D"), jig(KESH)]) == [0, 1, 0, 1]


def test_no_tunes_have_no_groups() -> None:
    assert duplicate_groups([]) == []
