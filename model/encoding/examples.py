"""A tune's tokens as tensors that a network is trained or scored on."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from model.encoding.inputs import INPUTS, InputEncoder
from model.encoding.part_plan import plans_of
from model.encoding.tokenizer import decode, token_note
from model.encoding.vocabulary import Vocabulary
from model.music.key import Key


def inputs_and_targets(
    tokens: Sequence[str], known: Vocabulary, inputs: Sequence[str] = INPUTS
) -> tuple[Tensor, Tensor]:
    """Inputs [time, inputs] that predict targets [time]: every token but the first, which is given.

    Raises InputError for a token that is not in the vocabulary.
    """
    ids = known.encode(tokens)
    plan = [plan.id for plan in plans_of(decode(tokens).parts)] if "plan" in inputs else []
    encoder = InputEncoder(known, sum(token in ("|:", "[|") for token in tokens), plan, inputs)
    rows = [encoder.read(token, token_id) for token, token_id in zip(tokens[:-1], ids[:-1], strict=True)]
    return torch.tensor(rows), torch.tensor(ids[1:])


def notes_in(tokens: Iterable[str]) -> int:
    """Notes and rests among note tokens."""
    return sum(token_note(token, Key(0, 0, "")) is not None for token in tokens)
