"""Corpus tunes that a retraining needs: some to keep likely while it tunes, and the held-out ones to test on.

Reading the books takes a minute, so the tokens are kept in a file whose name has the digests of the sources and of the
code that read them.
"""

import hashlib
import json
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from model.corpus import build as corpus
from model.corpus.sources import Source
from model.encoding.vocabulary import Vocabulary
from model.errors import InputError
from model.files import code_digest, keep_newest

REPLAYED = 200  # tunes

Tokens = tuple[str, ...]


@dataclass(frozen=True)
class Replay:
    """Tokens of some tunes of the training side, and of all held-out ones."""

    train: tuple[Tokens, ...]
    held_out: tuple[Tokens, ...]

    def known_to(self, vocabulary: Vocabulary) -> "Replay":
        """Without tunes that have a token which the network does not know."""

        def known(tunes: Sequence[Tokens]) -> tuple[Tokens, ...]:
            return tuple(tune for tune in tunes if all(token in vocabulary.ids for token in tune))

        return Replay(known(self.train), known(self.held_out))


def replay(sources: Sequence[Source], cache: Path | None = None, seed: int = 0) -> Replay:
    """The tunes of `sources`, from the `cache` folder where it has them. InputError where the books hold too few."""
    made_by = " ".join([str(seed), code_digest(), *(source.sha256() for source in sources)])
    name = hashlib.sha256(made_by.encode()).hexdigest()[:16]
    path = cache / f"replay-{name}.json" if cache else None
    if path and (cached := _cached(path)):
        return cached
    built = corpus.build(sources)
    train, held_out = ([tune.tokens for tune in built.split(side)] for side in ("train", "held-out"))
    if not train or not held_out:
        raise InputError(f"the corpus has {len(built.tunes)} usable tunes, too few to remember and to be tested on")
    found = Replay(tuple(random.Random(seed).sample(train, min(REPLAYED, len(train)))), tuple(held_out))
    if path:
        keep_newest(path, json.dumps({"train": found.train, "held_out": found.held_out}).encode(), "replay-")
    return found


def _cached(path: Path) -> Replay | None:
    with suppress(OSError, ValueError, KeyError, TypeError):  # a damaged cache is made again
        data = json.loads(path.read_bytes())
        return Replay(*(tuple(tuple(map(str, tune)) for tune in data[side]) for side in ("train", "held_out")))
    return None
