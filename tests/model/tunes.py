"""Tunes for tests: some made by hand, and a strategy for all of notation that the reader keeps."""

from fractions import Fraction

from hypothesis import strategies as st

from model.music.abc_text import uncontrolled
from model.music.key import LETTERS, Pitch, all_keys
from model.music.parts import Part, with_parts
from model.music.tune import Metre, Note, Tune

METRES = (Metre(4, 4, "C"), Metre(2, 2, "C|"), Metre(4, 4), Metre(2, 4), Metre(3, 4), Metre(6, 8), Metre(9, 8))
_SHARES = (  # how a beat of an eighth or a group of them is cut
    (Fraction(1),),
    (Fraction(1, 2), Fraction(1, 2)),
    (Fraction(3, 4), Fraction(1, 4)),
    (Fraction(1, 3), Fraction(1, 3), Fraction(1, 3)),
    (Fraction(2, 3), Fraction(1, 3)),
    (Fraction(1, 6), Fraction(1, 6), Fraction(1, 3), Fraction(1, 3)),
)


def pitch_name(pitch: Pitch) -> str:
    """As musicians write it: `F#4`."""
    return LETTERS[pitch.step] + ("#" * pitch.alter if pitch.alter > 0 else "b" * -pitch.alter) + str(pitch.octave)


def words(text: str) -> list[str]:
    """Tokens, as they are written down."""
    return text.split()


pitches = st.builds(Pitch, st.integers(0, 6), st.integers(-2, 2), st.integers(2, 7))


@st.composite
def filled(draw: st.DrawFn, length: Fraction) -> tuple[Note, ...]:
    """Notes, triplets, rests and ties that last `length` exactly; it is a multiple of an eighth."""
    notes: list[Note] = []
    left = length * 8
    while left > 0:
        group = min(left, Fraction(draw(st.sampled_from((1, 1, 2, 3, 4)))))
        left -= group
        for share in draw(st.sampled_from(_SHARES)):
            tied = bool(notes) and notes[-1].tied
            pitch = notes[-1].pitch if tied else draw(st.one_of(pitches, pitches, pitches, st.none()))
            notes.append(Note(pitch, group * share / 8, pitch is not None and draw(st.integers(0, 5)) == 0))
    return (*notes[:-1], notes[-1]._replace(tied=False))


@st.composite
def parts(draw: st.DrawFn, metre: Metre, pickup: Fraction) -> Part:
    repeated = draw(st.booleans())
    full = metre.length
    last = filled(full - pickup)
    bars = draw(st.lists(filled(full), min_size=1, max_size=3))
    before = draw(filled(pickup)) if pickup else ()
    if repeated and draw(st.booleans()):
        inner = draw(st.integers(0, 1))
        endings = tuple((*(draw(filled(full)) for _ in range(inner)), draw(last)) for _ in range(2))
        return Part(before, tuple(bars), endings, True)
    return Part(before, (*bars, draw(last)), (), repeated)


@st.composite
def tunes(draw: st.DrawFn) -> Tune:
    """A well-formed tune in any key and metre, with parts, pickups, endings, triplets, rests, ties and accidentals."""
    metre = draw(st.sampled_from(METRES))
    pickup = Fraction(draw(st.integers(0, int(metre.length * 8) - 1)), 8)
    words = st.text(max_size=20).map(lambda text: " ".join(uncontrolled(text).replace("\\", "").split()))
    blank = Tune(
        title=draw(words),
        key=draw(st.sampled_from(all_keys())),
        metre=metre,
        bars=(),
        rhythm=draw(words),
        unit_length=draw(st.sampled_from((Fraction(1, 8), Fraction(1, 16), Fraction(1, 4)))),
        tempo=draw(st.sampled_from((None, (Fraction(3, 8), 112), (Fraction(1, 2), 100)))),
        number=draw(st.integers(0, 10**6)),
    )
    return with_parts(blank, draw(st.lists(parts(metre, pickup), min_size=1, max_size=3)))
