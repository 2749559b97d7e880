"""What a text of ABC is read as, for tests: compared with plain ABC that says the same."""

from collections.abc import Callable

from model.errors import NotationError
from model.music.abc_file import tune_texts
from model.music.abc_reader import parse
from model.music.tune import Tune

HEADER = "X:1\nT:t\nM:4/4\nL:1/8\nK:D\n"
PLAIN = "DEFG ABcd|d8|]"


def read(music: str, header: str = HEADER) -> Tune:
    return parse(header + music)


def notes(tune: Tune) -> list[tuple[int | None, str]]:
    return [(midi, str(length)) for midi, length in tune.joined_notes()]


def says(text: str, plain: str = PLAIN, header: str = HEADER) -> bool:
    """Whether the one tune in `text` has the notes of `plain`."""
    (found,) = tune_texts(text)
    return notes(parse(found)) == notes(parse(header + plain))


def kinds(tune: Tune) -> list[str]:
    """What was left out, in order."""
    return [remark.kind for remark in tune.remarks]


def told(read: Callable[[], object]) -> str:
    """What the reader says of a text: nothing, or its refusal."""
    try:
        read()
    except NotationError as error:
        return str(error)
    return ""
