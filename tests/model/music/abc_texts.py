"""ABC over the standard's grammar, each text with the notes that it means: a strategy for tests."""

from dataclasses import dataclass, field
from fractions import Fraction

from hypothesis import strategies as st

SHARPS = {
    "C": 0,
    "D": 2,
    "Dm": -1,
    "Edor": 2,
    "Ddor": 0,
    "Amix": 2,
    "Bb": -2,
    "F#m": 3,
    "Cminor": -3,
    "E Phrygian": 0,
    "Ab": -4,
}
LENGTHS: dict[str, Fraction | int] = {"": 1, "2": 2, "3": 3, "4": 4}
LENGTHS |= {text: Fraction(1, 2) for text in ("/", "/2")}
LENGTHS |= {text: Fraction(1, 4) for text in ("//", "/4")}
LENGTHS |= {text: Fraction(3, 2) for text in ("3/2", "3/")}
TUPLETS = {
    "(3": (3, 2, 3),
    "(2": (2, 3, 2),
    "(4": (4, 3, 4),
    "(3:2:2": (3, 2, 2),
    "(5:4:5": (5, 4, 5),
    "(3::2": (3, 2, 2),
}
ALTERS = {"^": 1, "_": -1, "=": 0, "^^": 2, "__": -2}
BEFORE_NOTES = (
    *('"Am"', '"^slowly"', '"<x"', "!trill!", "!>!", "!D.C.!", "~", ".", "u", "T", "H", "{g}", "{/ga}", "{g2a/}"),
    *("(", "!fermata!~", '"G7"{a}', "[r:a remark]", "[I:MIDI=program 74]", "!crescendo(!", "y", "`"),
)
BAR_LINES = (
    "|",
    "|",
    "|",
    "||",
    "|]",
    "|:",
    ":|",
    "::",
    ":|:",
    "|1 ",
    ":|2 ",
    "[|]",
    "|[1 ",
    ".|",
    "[|",
    ":||:",
    "|1,3 ",
)
LINE_ENDS = ("\n", " % a comment | ABC\n", "\\\n", "\nw: la la-la * | a_b\n", "\n%%staffsep 10\n", "\n% ABC def|\n",
             "\nN: a note to read\n", "\r\n", " \n", "$\n", "\nr:ABc\n", "\ns:!p! * !f!\n")  # fmt: skip
_NATURAL = dict(zip("CDEFGAB", (0, 2, 4, 5, 7, 9, 11), strict=True))


@dataclass(frozen=True)
class Spelled:
    """ABC, and the MIDI note (None for a rest) and length in whole notes of each note in it."""

    text: str
    notes: tuple[tuple[int | None, Fraction], ...]


@dataclass
class Writer:
    """Draws music; holds what the notes that come next depend on."""

    draw: st.DrawFn
    signature: dict[str, int]
    unit: Fraction
    held: dict[str, int] = field(default_factory=dict)
    notes: list[tuple[int | None, Fraction]] = field(default_factory=list)

    def one_of(self, *values: str) -> str:
        return self.draw(st.sampled_from(values))

    def pitch(self) -> tuple[str, int]:
        """A note without its length, and its MIDI note."""
        accidental = self.one_of("", "", "", *ALTERS)
        letter = self.one_of(*"CDEFGABcdefgab")
        marks = self.one_of("", "", ",", "'", ",'")
        step = letter.upper()
        if accidental:
            self.held[step] = ALTERS[accidental]
        octave = (5 if letter.islower() else 4) + marks.count("'") - marks.count(",")
        midi = 12 * (octave + 1) + _NATURAL[step] + self.held.get(step, self.signature[step])
        return accidental + letter + marks, midi

    def length(self) -> tuple[str, Fraction]:
        text = self.one_of(*LENGTHS)
        return text, self.unit * LENGTHS[text]

    def note(self, factor: Fraction = Fraction(1)) -> str:
        """A note, rest or chord, of which the highest note counts, as long as written times `factor`."""
        kind = self.draw(st.integers(0, 9))
        text, length = self.length()
        if kind == 0:
            self.notes.append((None, length * factor))
            return self.one_of("z", "x") + text
        if kind > 1:
            name, midi = self.pitch()
            self.notes.append((midi, length * factor))
            return name + text
        pitches = [self.pitch() for _ in range(self.draw(st.integers(1, 3)))]
        self.notes.append((max(midi for _, midi in pitches), length * factor))
        return f"[{''.join(name for name, _ in pitches)}]{text}"

    def element(self) -> str:
        kind = self.draw(st.integers(0, 12))
        if kind == 0:
            mark = self.one_of(*TUPLETS)
            p, q, r = TUPLETS[mark]
            space = self.one_of("", " ")
            return mark + space + space.join(self.note(Fraction(q, p)) for _ in range(r))
        if kind == 1:
            mark = self.one_of(">", "<", ">>", "<<")
            short = Fraction(1, 2 ** len(mark))
            first, second = (2 - short, short) if mark[0] == ">" else (short, 2 - short)
            space = self.one_of("", " ")
            return self.note(first) + space + mark + space + self.note(second)
        if kind == 2:  # a tie between two notes of one pitch
            name, midi = self.pitch()
            (one, first), (other, second) = self.length(), self.length()
            self.notes += [(midi, first), (midi, second)]
            return f"{name}{one}-{self.one_of('', ' ')}{name.lstrip('^_=')}{other}"
        if kind == 3:
            self.unit = Fraction(self.one_of("1/8", "1/16", "1/4"))
            return f"[L:{self.unit}]" + self.note()
        before = "".join(self.draw(st.lists(st.sampled_from(BEFORE_NOTES), max_size=2))) if kind < 8 else ""
        return before + self.note() + self.one_of("", "", ")")

    def bar(self) -> str:
        self.held.clear()
        space = self.one_of("", " ")
        return space.join(self.element() for _ in range(self.draw(st.integers(1, 6))))


@st.composite
def abc_texts(draw: st.DrawFn) -> Spelled:
    """A tune whose header and music have what the standard's grammar allows in one melody."""
    key = draw(st.sampled_from(list(SHARPS)))
    order = "FCGDAEB" if SHARPS[key] > 0 else "BEADGCF"
    changed = order[: abs(SHARPS[key])]
    signature = {step: (1 if SHARPS[key] > 0 else -1) if step in changed else 0 for step in "CDEFGAB"}
    metre = draw(st.sampled_from(("4/4", "C", "C|", "2/2", "3/4")))  # in which (2 and (5 stand in the time of 3 and 2
    unit = draw(st.sampled_from(("1/8", "1/16", "1/4")))
    fields = [
        f"M:{metre}",
        f"L:{unit}",
        "R:reel",
        "C:Trad.",
        "%%titlefont Times 12",
        "% ABC|",
        "N:ABC def|",
        "Q:1/4=100",
    ]
    header = "\n".join(["X:1", "T:ABC of it", *draw(st.permutations(fields)), f"K:{key}"])
    writer = Writer(draw, signature, Fraction(unit))
    music = draw(st.sampled_from(("", "|:", "[|", "|")))
    for _ in range(draw(st.integers(1, 6))):
        music += writer.bar() + draw(st.sampled_from(BAR_LINES))
        music += draw(st.sampled_from(("", " ", "", *LINE_ENDS)))
    return Spelled(f"{header}\n{music}", tuple(writer.notes))
