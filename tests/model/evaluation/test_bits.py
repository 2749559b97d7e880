import dataclasses
from math import log2
from pathlib import Path

import pytest
import torch

from model.corpus.build import Corpus, build
from model.corpus.sources import path_source
from model.encoding.examples import notes_in
from model.encoding.vocabulary import Vocabulary
from model.evaluation.bits import bits_per_note, network_of, sides, writes_characters
from model.network import checkpoint
from model.network.checkpoint import Checkpoint
from model.network.lstm import Network, NetworkConfig
from tests.model.evaluation.samples import untrained_characters
from tests.model.random_corpora import jigs


def even_checkpoint(vocabulary: Vocabulary) -> Checkpoint:
    """A checkpoint for which all tokens are equally probable."""
    network = Network(NetworkConfig(len(vocabulary), (len(vocabulary),), (4,), 8))
    with torch.no_grad():
        network.output.weight.zero_()
        network.output.bias.zero_()
    return Checkpoint("even", network.config.to_json(), vocabulary.to_json(), {}, network.state_dict())


def test_bits_are_those_of_all_tokens_but_the_first(books: Corpus) -> None:
    vocabulary, tunes = books.vocabulary(), books.tunes[:5]
    found = bits_per_note(even_checkpoint(vocabulary), tunes)
    notes = sum(notes_in(tune.tokens) for tune in tunes)
    assert (found.tunes, found.left_out, found.notes) == (5, 0, notes)
    assert found.bits == pytest.approx(log2(len(vocabulary)) * sum(len(tune.tokens) - 1 for tune in tunes), rel=1e-5)
    assert found.per_note == found.bits / notes


def test_a_tune_with_an_unknown_token_is_left_out(books: Corpus) -> None:
    vocabulary, tunes = books.vocabulary(), books.tunes[:5]
    missing = tunes[0].tokens[8]
    known = Vocabulary("notes", tuple(token for token in vocabulary.tokens if token != missing))
    found = bits_per_note(even_checkpoint(known), tunes)
    assert found.left_out == sum(missing in tune.tokens for tune in tunes) >= 1
    assert found.tunes + found.left_out == 5


def test_plans_cost_bits(books: Corpus) -> None:
    shipped, tunes = checkpoint.read(checkpoint.SHIPPED), books.split("held-out")[:3]
    without = dataclasses.replace(shipped, facts={})
    assert bits_per_note(shipped, tunes).bits > bits_per_note(without, tunes).bits + 3


def test_a_vocabulary_is_of_notes_or_of_characters(tmp_path: Path, small: Checkpoint) -> None:
    assert writes_characters(untrained_characters(tmp_path))
    assert not writes_characters(small)
    network, vocabulary = network_of(small)
    assert network.config.vocabulary == len(vocabulary)


def test_cobbs_tunes_are_held_out_whatever_else_is_read(tmp_path: Path) -> None:
    (tmp_path / "cobb.abc").write_text(jigs(300))
    (tmp_path / "other.abc").write_text(jigs(30))
    cobb, other = path_source(tmp_path / "cobb.abc"), path_source(tmp_path / "other.abc")
    split = sides(build([cobb, other]), cobb)["held-out"]
    assert {tune.source for tune in split.cobb} == {"cobb"}
    assert set(split.cobb) <= set(split.tunes)
    assert sides(build([other]), None)["held-out"].cobb == ()


def test_bits_of_no_tunes(tmp_path: Path) -> None:
    none = bits_per_note(untrained_characters(tmp_path), [])
    assert (none.tunes, none.notes) == (0, 0)
    assert none.per_note != none.per_note
