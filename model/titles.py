"""Names for tunes: a small character LSTM trained on the corpus' titles. It never gives a title that exists there."""

import re
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch

from model import checkpoint
from model.checkpoint import Checkpoint
from model.errors import CheckpointError
from model.network import restored
from model.vocabulary import Vocabulary

SHIPPED = checkpoint.SHIPPED.with_name("titles.safetensors")
LONGEST, SHORTEST = 40, 5  # letters of a title
TEMPERATURE = 0.75
TOGETHER = 8  # candidates drawn at once
DRAWS = 12  # so often at most
END = "\n"
_RHYTHM_WORDS = "jig|reel|hornpipe|polka|waltz|march|strathspey|air|slide|clog|quick ?step|fling|song"
# words of the old books that nobody wants in a chat today
_BLOCKED = re.compile(
    r"nigg|darkie|darky|coon|squaw|gyps|jew|turk|negro|savage|whore|slut|bitch|bastard|cunt|fuck|shit|rape|cock|prick|arse"
    r"|kill|murder|hang'?d|rogue's gallows|sambo|ethiop|plantation|cotton|slave|chinee|injun|papist|orange\b",
    re.IGNORECASE,
)


def clean(title: str) -> str:
    """A title as it would be announced: `Maid, The -- Reel.` -> `The Maid`; empty for one that is none."""
    text = re.sub(r"[\[(].*?[\])]|\d+(?:st|nd|rd|th|d)?\b|\"", " ", re.sub(r"\s+-+\s.*$", "", title).replace("_", " "))
    text = re.sub(r"^(.*?)\s*,\s*(The|An|A)\b\W*$", r"\2 \1", text.strip(), flags=re.IGNORECASE)
    text = " ".join(re.sub(r"[^A-Za-z'&\- ]", " ", text.replace("’", "'")).split()).strip("-&' ")
    if text == text.upper():
        text = " ".join(word.capitalize() for word in text.split())
    return text if SHORTEST <= len(text) <= LONGEST and not _BLOCKED.search(text) else ""


def lines(titles: Iterable[tuple[str, str]]) -> list[str]:
    """Training lines from (rhythm, title): `reel:The Silver Heron`, without copies."""
    return list(dict.fromkeys(f"{rhythm}:{text}" for rhythm, title in titles if (text := clean(title))))


def fingerprint(title: str) -> str:
    """What two spellings of one title share: its letters, without a leading or trailing article."""
    text = re.sub(r"^(the|an|a) | (the|an|a)$", "", re.sub(r"[^a-z ]", "", title.lower()).strip())
    return re.sub(rf"(?:{_RHYTHM_WORDS})s?$", "", text.replace(" ", "")) or text


class Titles:
    """Draws titles. The same rhythm and seed give the same title."""

    def __init__(self, loaded: Checkpoint) -> None:
        self._vocabulary = Vocabulary.from_json(loaded.vocabulary)
        self._network = restored(loaded.network, loaded.weights)
        try:
            self._taken, self._words = frozenset(loaded.facts["taken"]), frozenset(loaded.facts["words"])
        except KeyError as error:
            raise CheckpointError("the titles' checkpoint does not say which titles exist") from error

    @classmethod
    def load(cls, path: Path = SHIPPED) -> "Titles":
        """Raises CheckpointError."""
        return cls(checkpoint.read(path))

    def draw(self, rhythm: str, seed: int) -> str:
        """A new title for a tune of this rhythm."""
        stream = np.random.Generator(np.random.Philox(key=[seed, zlib.crc32(rhythm.encode())]))
        for _ in range(DRAWS):
            for title in self._lines(rhythm, stream):
                if self._fit(title, rhythm):
                    return title
        return f"Tunesmith's {rhythm.title()} No. {seed}"

    def _fit(self, title: str, rhythm: str) -> bool:
        words = title.split()
        other = [word for word in re.findall(rf"\b(?:{_RHYTHM_WORDS})\b", title.lower()) if word not in rhythm]
        long = [word.lower() for word in words if len(word) > 3]
        if other or len(long) != len(set(long)) or (words[-1:] and len(words[-1]) < 3):
            return False
        made_up = [word for word in words if word.lower() not in self._words]
        plausible = not made_up or (len(made_up) == 1 and len(words) > 2 and made_up[0] is words[-1])
        return plausible and clean(title) == title and fingerprint(title) not in self._taken

    @torch.inference_mode()
    def _lines(self, rhythm: str, stream: np.random.Generator) -> list[str]:
        """TOGETHER lines; each letter is drawn from the whole softmax at TEMPERATURE."""
        prefix = [self._vocabulary.ids[letter] for letter in f"{END}{rhythm}:"]
        logits, state = self._network(torch.tensor([prefix] * TOGETHER)[..., None])
        rows: list[list[str]] = [[] for _ in range(TOGETHER)]
        for _ in range(LONGEST + 1):
            weights = (logits[:, -1].double() / TEMPERATURE).softmax(-1).cumsum(-1).numpy()
            uniform = stream.random(TOGETHER)
            letters = [
                min(int(np.searchsorted(w, u, side="right")), len(w) - 1) for w, u in zip(weights, uniform, strict=True)
            ]
            for row, letter in zip(rows, self._vocabulary.decode(letters), strict=True):
                row.append(letter)
            if all(END in row for row in rows):
                break
            logits, state = self._network(torch.tensor(letters)[:, None, None], state)
        return ["".join(row).split(END)[0] for row in rows]


def taken(titles: Sequence[str]) -> list[str]:
    """Fingerprints of the titles that exist."""
    return sorted({fingerprint(clean(title) or title) for title in titles} - {""})


def words(titles: Iterable[str]) -> list[str]:
    """The words of existing titles, in small letters: a new title makes up at most its last one, a name."""
    return sorted({word.lower() for title in titles for word in clean(title).split()})
