"""A tune's tokens as tensors that a network is trained or scored on."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from model.encoding.inputs import INPUTS, InputEncoder
from model.encoding.part_plan import plans_of
from model.encoding.tokenizer import decode, token_note
from model.encoding.vocabulary import Vocabulary
from model.music.key import Key


def features(tokens: Sequence[str], known: Vocabulary, inputs: Sequence[str] = INPUTS) -> tuple[Tensor, Tensor]:
    """Inputs [time, inputs] that predict targets [time]: every token but the first, which is given."""
    ids = known.encode(tokens)
    plan = [plan.id for plan in plans_of(decode(tokens).parts)] if "plan" in inputs else []
    cursor, rows = InputEncoder(sum(token in ("|:", "[|") for token in tokens), plan), []
    for token, token_id in zip(tokens[:-1], ids[:-1], strict=True):
        cursor.advance(token, token_id)
        rows.append(cursor.inputs(token_id))
    columns = [INPUTS.index(name) for name in inputs]
    return torch.tensor(rows)[:, columns], torch.tensor(ids[1:])


def notes_in(tokens: Iterable[str]) -> int:
    """Notes and rests among note tokens."""
    return sum(token_note(token, Key(0, 0, "")) is not None for token in tokens)
