"""Invents titles: a small character LSTM trained on the corpus' titles, none of which it returns."""

import re
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from model.corpus.titles import END, LONGEST, RHYTHM_WORDS, clean, fingerprint
from model.encoding.vocabulary import Vocabulary
from model.errors import CheckpointError
from model.network import checkpoint
from model.network.checkpoint import Checkpoint
from model.network.lstm import restored
from model.network.stepper import Stepper
from model.sampling.choice import choose

SHIPPED = checkpoint.SHIPPED.with_name("titles.safetensors")
TEMPERATURE = 0.75
TOGETHER = 8  # titles drawn at once for one tune
DRAWS = 12  # times at most


class Titles:
    """Draws titles. The same rhythm and seed give the same title."""

    def __init__(self, loaded: Checkpoint) -> None:
        """Raises CheckpointError for a checkpoint of another preset."""
        self._vocabulary = Vocabulary.from_json(loaded.vocabulary)
        # on the CPU everywhere, so that a seed's title does not depend on the machine
        network = restored(loaded.network, loaded.weights)
        sizes = (network.config.vocabulary, *network.config.input_sizes)
        if sizes != (len(self._vocabulary),) * 2:
            raise CheckpointError("the titles' network does not fit its vocabulary")
        self._stepper = Stepper(network, torch.device("cpu"))
        try:
            self._taken, self._words = frozenset(loaded.facts["taken"]), frozenset(loaded.facts["words"])
        except KeyError as error:
            raise CheckpointError("the titles' checkpoint does not say which titles exist") from error

    @classmethod
    def load(cls, path: Path = SHIPPED) -> "Titles":
        """Raises CheckpointError."""
        return cls(checkpoint.read(path))

    def draw(self, wanted: Sequence[tuple[str, int]]) -> list[str]:
        """A new title for each (rhythm, seed), whatever else is wanted; a numbered one where none is acceptable."""
        found = [""] * len(wanted)
        streams = [np.random.Generator(np.random.Philox(key=[seed, zlib.crc32(r.encode())])) for r, seed in wanted]
        for _ in range(DRAWS):
            untitled = [index for index, title in enumerate(found) if not title]
            if not untitled:
                break
            drawn = self._draw_lines(
                [(wanted[index][0], streams[index].random((LONGEST + 1, TOGETHER))) for index in untitled]
            )
            for index, titles in zip(untitled, drawn, strict=True):
                rhythm = wanted[index][0]
                found[index] = next((title for title in titles if self._is_acceptable(title, rhythm)), "")
        return [title or f"Tunesmith's {r.title()} No. {seed}" for title, (r, seed) in zip(found, wanted, strict=True)]

    def _is_acceptable(self, title: str, rhythm: str) -> bool:
        """New, of known words but perhaps a name at its end, and without another rhythm's name or a word twice."""
        words = title.split()
        other = [word for word in re.findall(rf"\b(?:{RHYTHM_WORDS})\b", title.lower()) if word not in rhythm]
        long = [word.lower() for word in words if len(word) > 3]
        if other or len(long) != len(set(long)) or (words[-1:] and len(words[-1]) < 3):
            return False
        unknown = [word for word in words if word.lower() not in self._words]
        plausible = not unknown or (len(unknown) == 1 and len(words) > 2 and unknown[0] is words[-1])
        return plausible and clean(title) == title and fingerprint(title) not in self._taken

    @torch.inference_mode()
    def _draw_lines(self, wanted: Sequence[tuple[str, NDArray[np.float64]]]) -> list[list[str]]:
        """TOGETHER titles for each (rhythm, uniform); `uniform` [LONGEST + 1, TOGETHER] decides their letters."""
        prefixes = [self._vocabulary.encode(f"{END}{rhythm}:") for rhythm, _ in wanted for _ in range(TOGETHER)]
        begin = max(map(len, prefixes))
        rows = len(prefixes)
        letters = torch.full((rows, begin + LONGEST + 1), self._vocabulary.ids[END])
        uniform = torch.zeros(rows, begin + LONGEST + 1, dtype=torch.float64)
        given = torch.zeros(rows, begin + LONGEST + 1, dtype=torch.bool)
        for row, prefix in enumerate(prefixes):
            letters[row, : len(prefix)], given[row, : len(prefix)] = torch.tensor(prefix), True
            own = wanted[row // TOGETHER][1][:, row % TOGETHER]
            uniform[row, len(prefix) :][: len(own)] = torch.from_numpy(own.copy())
        state, ended = self._stepper.zeros(rows), torch.zeros(rows, dtype=torch.bool)
        temperature = torch.full((rows, 1), TEMPERATURE)
        allowed = torch.ones(rows, len(self._vocabulary), dtype=torch.bool)
        for at in range(1, letters.shape[1]):
            logits = self._stepper.step(letters[:, at - 1, None], state)
            drawn = choose(logits, allowed, temperature, uniform[:, at, None])
            letters[:, at] = torch.where(given[:, at], letters[:, at], drawn)
            ended |= ~given[:, at] & (letters[:, at] == self._vocabulary.ids[END])
            if ended.all():
                break
        texts = ["".join(self._vocabulary.decode(row)) for row in letters.tolist()]
        found = [text[len(prefix) :].split(END)[0] for text, prefix in zip(texts, prefixes, strict=False)]
        return [found[start : start + TOGETHER] for start in range(0, len(found), TOGETHER)]
