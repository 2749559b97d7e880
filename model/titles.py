"""Names for tunes: a small character LSTM trained on the corpus' titles. It never gives a title that exists there."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch

from model import checkpoint
from model.checkpoint import Checkpoint
from model.errors import CheckpointError
from model.network import Network, NetworkConfig
from model.vocabulary import Vocabulary

SHIPPED = checkpoint.SHIPPED.with_name("titles.safetensors")
LONGEST, SHORTEST = 40, 5  # letters of a title
TEMPERATURE = 0.7
DRAWS = 40
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
        try:
            self._network = Network(NetworkConfig.from_json(loaded.network))
            self._network.load_state_dict(loaded.weights)
            self._taken = frozenset(loaded.facts["taken"])
        except (TypeError, KeyError, RuntimeError) as error:
            raise CheckpointError("the titles' checkpoint does not fit its own description") from error
        self._network.eval().requires_grad_(False)

    @classmethod
    def load(cls, path: Path = SHIPPED) -> "Titles":
        """Raises CheckpointError."""
        return cls(checkpoint.read(path))

    def draw(self, rhythm: str, seed: int) -> str:
        """A new title for a tune of this rhythm."""
        stream = np.random.Generator(np.random.Philox(key=[seed, 2**32]))
        for _ in range(DRAWS):
            title = self._line(rhythm, stream)
            if self._fit(title, rhythm):
                return title
        return f"Tunesmith's {rhythm.title()} No. {seed}"

    def _fit(self, title: str, rhythm: str) -> bool:
        other = [word for word in re.findall(rf"\b(?:{_RHYTHM_WORDS})\b", title.lower()) if word not in rhythm]
        words = [word for word in title.lower().split() if len(word) > 3]
        repeats = len(words) != len(set(words))
        return clean(title) == title and not other and not repeats and fingerprint(title) not in self._taken

    @torch.inference_mode()
    def _line(self, rhythm: str, stream: np.random.Generator) -> str:
        prefix = [self._vocabulary.ids[letter] for letter in f"{END}{rhythm}:"]
        logits, state = self._network(torch.tensor(prefix)[None, :, None])
        letters: list[int] = []
        while len(letters) <= LONGEST:
            weights = (logits[0, -1].double() / TEMPERATURE).softmax(-1).cumsum(-1).numpy()
            letter = min(int(np.searchsorted(weights, stream.random() * weights[-1], side="right")), len(weights) - 1)
            if self._vocabulary.tokens[letter] == END:
                break
            letters.append(letter)
            logits, state = self._network(torch.tensor([[[letter]]]), state)
        return "".join(self._vocabulary.decode(letters))


def taken(titles: Sequence[str]) -> list[str]:
    """Fingerprints of the titles that exist."""
    return sorted({fingerprint(clean(title) or title) for title in titles} - {""})
