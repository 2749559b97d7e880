"""The higher the temperature, the more bits a note the network needs for the tunes that it composed."""

import math
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch.nn import functional as F

from model.encoding.examples import inputs_and_targets, notes_in
from model.encoding.vocabulary import Vocabulary
from model.music.form import Form
from model.music.key import Key
from model.network import checkpoint
from model.network.lstm import Network, restored
from model.prompt import Prompt
from model.sampling.critic import Critic
from model.sampling.sampler import Sampler, numbered
from model.training.batches import IGNORED


@torch.inference_mode()
def bits_per_note(network: Network, vocabulary: Vocabulary, tunes: Sequence[Sequence[str]]) -> float:
    inputs, targets = zip(
        *(inputs_and_targets(tokens, vocabulary, network.config.inputs) for tokens in tunes), strict=True
    )
    pad = torch.nn.utils.rnn.pad_sequence
    logits, _ = network(pad(list(inputs), batch_first=True))
    wanted = pad(list(targets), batch_first=True, padding_value=IGNORED)
    nats = F.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=IGNORED, reduction="sum")
    return float(nats) / math.log(2) / sum(map(notes_in, tunes))


def test_bits_per_note_rise_with_temperature() -> None:
    read = checkpoint.read(checkpoint.SHIPPED)
    sampler = Sampler(read, critic=Critic.load())
    network = restored(read.network, read.weights)
    prompt = Prompt(Key.parse("D"), "jig", form=Form("AB", 4), seed=1000)
    bits = []
    for temperature in (0.1, 1.0, 2.0):
        composed = sampler.compose(numbered(replace(prompt, temperature=temperature), 6))
        bits.append(bits_per_note(network, sampler.vocabulary, [one.spelled for one in composed]))
    assert bits[0] * 1.5 < bits[1] < bits[2] / 1.5
