import pytest
import torch

from model.corpus.build import Corpus
from model.encoding.examples import inputs_and_targets, notes_in
from model.encoding.inputs import INPUTS, input_sizes
from model.encoding.vocabulary import Vocabulary
from model.errors import InputError
from tests.model.tunes import words

TOKENS = words("R:polka M:2/4 K:maj F:AB [| bars=1 pickup=0 C2 z2 [| bars=1 pickup=0 E2/3 F2/3 G2/3 C2 |]")
KNOWN = Vocabulary("notes", tuple(dict.fromkeys(TOKENS)))


def test_each_token_but_the_first_is_predicted_from_those_before_it() -> None:
    inputs, targets = inputs_and_targets(TOKENS, KNOWN)
    assert inputs.shape == (len(TOKENS) - 1, len(INPUTS))
    assert KNOWN.decode(targets.tolist()) == TOKENS[1:]
    assert KNOWN.decode(inputs[:, INPUTS.index("token")].tolist()) == TOKENS[:-1]


def test_the_wanted_inputs_come_in_their_order() -> None:
    every, _ = inputs_and_targets(TOKENS, KNOWN)
    some, _ = inputs_and_targets(TOKENS, KNOWN, ("plan", "token"))
    assert torch.equal(some, every[:, [INPUTS.index("plan"), INPUTS.index("token")]])
    assert some[7:, 0].min() > 0  # each part has a plan


def test_every_input_of_a_book_is_below_its_size(books: Corpus) -> None:
    known = books.vocabulary()
    sizes = torch.tensor(input_sizes(known))
    for tune in books.tunes[::5]:
        inputs, _ = inputs_and_targets(tune.tokens, known)
        assert (inputs < sizes).all()
        assert (inputs >= 0).all()


def test_an_unknown_token_is_refused_by_its_name() -> None:
    with pytest.raises(InputError, match="C7"):
        inputs_and_targets([*TOKENS, "C7"], KNOWN)


def test_notes_and_rests_are_counted_and_nothing_else() -> None:
    assert notes_in(TOKENS) == 6
