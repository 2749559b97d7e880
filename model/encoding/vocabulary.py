"""Vocabularies: tokens and their ids. Tokens are characters of ABC text, as in the seed article, or whole notes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from model.errors import CheckpointError, InputError


@dataclass(frozen=True)
class Vocabulary:
    """An ordered set of tokens; a token's id is its place. `kind` is `characters` or `notes`."""

    kind: str
    tokens: tuple[str, ...]

    @cached_property
    def ids(self) -> dict[str, int]:
        return {token: i for i, token in enumerate(self.tokens)}

    def __len__(self) -> int:
        return len(self.tokens)

    def encode(self, tokens: Iterable[str]) -> list[int]:
        """Ids of `tokens`. Raises InputError, which names it, for a token that is not in the vocabulary."""
        try:
            return [self.ids[token] for token in tokens]
        except KeyError as error:
            raise InputError(f"the model does not know the token {error}") from error

    def decode(self, ids: Iterable[int]) -> list[str]:
        return [self.tokens[i] for i in ids]

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "tokens": list(self.tokens)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Vocabulary":
        """Raises CheckpointError for another kind, and for a vocabulary without tokens."""
        if data.get("kind") not in ("characters", "notes"):
            raise CheckpointError(f"this release knows no vocabulary of kind {data.get('kind')!r}")
        if not isinstance(data.get("tokens"), list):
            raise CheckpointError("the checkpoint's vocabulary has no tokens")
        return cls(data["kind"], tuple(data["tokens"]))


def characters(texts: Sequence[str]) -> Vocabulary:
    """The seed article's vocabulary: the characters of `texts` joined by blank lines, sorted."""
    return Vocabulary("characters", tuple(sorted(set("\n\n".join(texts)))))
