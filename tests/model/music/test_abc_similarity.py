import time

from model.music.abc_similarity import alike, contour

REEL = "X:1\nT:The Long Lane\nR:reel\nM:C|\nL:1/8\nK:Edor\n|:EBBA B2EB|B2AB dBAG|FDAD BDAD|FDAD dAFD:|\n"
UP_A_STEP = "X:7\nT:A Dance\nR:reel\nM:C|\nL:1/8\nQ:1/2=100\nK:F#dor\n|: Fccc B3 :|"


def test_the_same_tune_is_the_same_whatever_its_header_layout_and_key() -> None:
    transposed = REEL.replace("T:The Long Lane", "T:Abba Egged").replace("Edor", "Ador").replace("|:", "|: ")
    letters = str.maketrans("EBAdGFD", "AedgcBG")
    head, _, music = transposed.partition("K:Ador\n")
    assert alike(REEL, [REEL, f"{head}K:Ador\n{music.translate(letters)}"]) == [1.0, 1.0]


def test_notes_are_read_and_nothing_else() -> None:
    plain = contour("K:D\nDEF2 | c'3/ d,|\n")
    assert contour('X:1\nT:Egg\nK:D\n"Am"DEF2 !fermata!| [1 c\'3/ z [K:G] d,|% dad\n') == plain
    assert len(plain) == 5


def test_a_variation_is_more_like_a_tune_than_another_is() -> None:
    varied = REEL.replace("FDAD BDAD", "FDAD BAGF")
    other = UP_A_STEP.replace("Fccc B3", "FABd cAGE|CEGc edcB|AFdf agfe|dcBA G4")
    near, far = alike(REEL, [varied, other])
    assert near > 0.8 > far


def test_what_is_no_tune_is_like_nothing() -> None:
    assert alike("", [REEL]) == [0.0]
    assert alike(REEL, ["", "X:1\nK:D\n"]) == [0.0, 0.0]


def test_two_hundred_are_compared_at_once() -> None:
    long = REEL + REEL.partition("K:Edor\n")[2] * 6
    began = time.perf_counter()
    alike(long, [long] * 200)
    assert time.perf_counter() - began < 2  # 0.1 s on an idle core
