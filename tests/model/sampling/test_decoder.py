"""The decoder's tensors against the same thing written plainly, one token at a time."""

from copy import deepcopy

import numpy as np
import pytest
import torch

from model.encoding.inputs import INPUTS, LOOKBACK_BARS, PLANS, InputEncoder, input_sizes
from model.encoding.tokenizer import decode, token_ticks
from model.music.form import Form
from model.music.key import Key
from model.network import checkpoint
from model.network.checkpoint import Checkpoint
from model.network.lstm import Network, NetworkConfig, restored
from model.network.stepper import Stepper
from model.prompt import Prompt
from model.sampling import detokenize
from model.sampling.decoder import LONGEST_TUNE, PERSISTENCE, Decoder, SequenceState
from model.sampling.decoder_kernels import CADENCE, RETRIES
from model.sampling.grammar import Grammar, State
from model.sampling.sampler import Sampler
from tests.model.network.rounded_network import Rounded
from tests.model.network.rounded_network import State as NetworkState

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def network() -> Network:
    read = checkpoint.read(checkpoint.SHIPPED)
    return restored(read.network, read.weights)


def row(sampler: Sampler, key: str, rhythm: str, form: str, seed: int, temperature: float = 1.0) -> SequenceState:
    prompt = Prompt(Key.parse(key), rhythm, form=Form.parse(form))
    grammar = Grammar(sampler.vocabulary, detokenize.rules(prompt, sampler.vocabulary))
    plan = [1 + (seed + 9 * part) % (PLANS - 1) for part in range(len(grammar.rules.sections))]
    return SequenceState(grammar, temperature, np.random.default_rng(seed).random(LONGEST_TUNE), plan=plan)


def plainly(network: Network, row: SequenceState) -> list[int]:
    """The tune of `row`, drawn with an LSTM in float64, an InputEncoder and NumPy."""
    plain, grammar = Rounded(network), row.grammar
    network_state: NetworkState | None = None
    encoder = InputEncoder(grammar.rules.form.sounding, row.plan, network.config.inputs)
    ids = [grammar.vocabulary.ids[grammar.rules.header[0]]]
    state, retries, count = grammar.next(Grammar.start, ids[0]), 0, 1
    before = state, network_state, encoder, 1
    while state and state.node != grammar.end:
        closing, left = grammar.closing[state.node], grammar.limit[state.node] - state.position
        if closing and state.position == 0:
            before = state, network_state, deepcopy(encoder), len(ids)
        inputs = torch.tensor(encoder.read(grammar.vocabulary.tokens[ids[-1]], ids[-1]))
        with torch.inference_mode():
            predicted, network_state = plain(inputs[None, None], network_state)
        logits = predicted[0, 0].clone()
        lookback = list(zip(encoder.lookback(), encoder.runs, PERSISTENCE, strict=True))
        for seen, run, more in lookback if network.config.copies else ():
            logits[seen - 1] += more * (run > 0 < seen)
        logits += CADENCE * torch.from_numpy(grammar.ticks == left) * bool(closing and left)
        full, strict, free = grammar.rows[state.node]
        mask = grammar.masks[(free if retries < RETRIES else strict) + left if left else full]
        weights = np.exp(logits.double().numpy() / row.temperature) * mask
        cumulative = weights.cumsum()
        ids.append(int(np.searchsorted(cumulative, row.uniform[count] * cumulative[-1], side="right")))
        count += 1
        length = int(grammar.ticks[ids[-1]])
        if closing and length and length == left and not grammar.tonic[ids[-1]] and retries < RETRIES:
            state, network_state, encoder = before[0], before[1], deepcopy(before[2])
            del ids[before[3] :]
            retries += 1
        elif length:
            state = State(state.node, state.position + length)
        else:
            state, retries = grammar.next(state, ids[-1]), 0
    return ids


@pytest.fixture(params=[True, False], ids=["compiled", "operations"])
def compiled(request: pytest.FixtureRequest) -> bool:
    """Whether a step is as on a CPU, or as on an accelerator."""
    return bool(request.param)


def drawn(stepper: Stepper, rows: list[SequenceState]) -> list[list[int]]:
    decoder, tunes = Decoder(stepper, rows), dict[int, list[int]]()
    while len(tunes) < len(rows):
        decoder.step()
        tunes |= {place: decoder.ids(place) for place in decoder.ended() if place < len(rows)}
    return [tunes[place] for place in range(len(rows))]


def all_kinds(sampler: Sampler) -> list[SequenceState]:
    return [
        row(sampler, "Edor", "reel", "AABB:4", 1),
        row(sampler, "G", "jig", "AABBCC:4", 2, 1.4),
        row(sampler, "Am", "waltz", "AABA:4", 3, 0.6),
        row(sampler, "Dmix", "slip jig", "AB:8", 4),
    ]


def test_a_batch_of_all_kinds_is_what_a_plain_loop_draws(sampler: Sampler, network: Network, compiled: bool) -> None:
    rows = all_kinds(sampler)
    assert drawn(Stepper(network, CPU, compiled), rows) == [plainly(network, one) for one in rows]


def test_so_it_is_where_the_network_sees_all_there_is_and_copies(sampler: Sampler, compiled: bool) -> None:
    torch.manual_seed(1)
    sizes = input_sizes(sampler.vocabulary)
    config = NetworkConfig(len(sampler.vocabulary), sizes, (6,) * len(sizes), 48, 2, 0.0, INPUTS, True)
    network, rows = Network(config).eval(), all_kinds(sampler)
    with torch.no_grad():
        for weight in network.parameters():
            weight.mul_(4)  # so that what it sees tells
    tunes = drawn(Stepper(network, CPU, compiled), rows)
    assert tunes == [plainly(network, one) for one in rows]
    with torch.no_grad():
        network.output.bias[len(sampler.vocabulary) + LOOKBACK_BARS.index(4)] = 1000
    first, second = decode(sampler.vocabulary.decode(drawn(Stepper(network, CPU, compiled), rows[:1])[0])).parts
    assert second.bars[:2] == first.bars[:2]  # four bars on, it repeats itself wherever it may


def test_a_network_that_shuns_the_tonic_ends_on_it_all_the_same(
    sampler: Sampler, small: Checkpoint, compiled: bool
) -> None:
    network, rows = restored(small.network, small.weights), all_kinds(sampler)
    shunned = torch.from_numpy(np.flatnonzero(rows[0].grammar.tonic))
    with torch.no_grad():
        network.output.bias[shunned] = -1000
    for ids in drawn(Stepper(network, CPU, compiled), rows):
        last = [token for token in sampler.vocabulary.decode(ids) if token_ticks(token)][-1]
        assert last.startswith(("C", "c")), last


def test_given_bars_are_kept_and_the_rest_is_drawn(sampler: Sampler) -> None:
    free = row(sampler, "D", "reel", "AABB:4", 5)
    vocabulary = sampler.vocabulary
    bar = tuple(vocabulary.encode(["C2", "E2", "G2", "c2", "|"]))
    (ids,) = drawn(sampler.stepper, [SequenceState(free.grammar, 1.0, free.uniform, bars={(1, 2): bar, (1, 3): bar})])
    song = sampler.vocabulary.decode(ids)
    second = song[song.index("|:", 6) :] if "|:" in song[6:] else song
    assert " ".join(second).count("C2 E2 G2 c2 |") == 2
    state: State | None = Grammar.start
    for token_id in ids:
        assert state is not None
        state = free.grammar.next(state, token_id)
    assert state == State(free.grammar.end, 0)


def test_rows_that_stay_go_on_as_if_nothing_had_happened(sampler: Sampler) -> None:
    rows = [row(sampler, "D", "polka", "AB:4", seed) for seed in range(20)]
    alone = drawn(sampler.stepper, rows)
    decoder = Decoder(sampler.stepper, rows)
    for _ in range(20):
        decoder.step()
    assert not decoder.ended()[:20] or min(decoder.ended()) >= 20
    decoder.keep([3, 17])
    for _ in range(100):
        decoder.step()
    assert [decoder.ids(0), decoder.ids(1)] == [alone[3], alone[17]]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_a_recorded_step_is_a_step(sampler: Sampler, network: Network) -> None:
    rows = [row(sampler, "D", "polka", "AB:4", seed) for seed in range(20)]
    stepper = Stepper(network, torch.device("cuda"))
    recorded, plain = Decoder(stepper, rows), Decoder(stepper, rows)
    for steps, kept in ((20, [3, 5, 17]), (100, [0, 2])):
        with torch.inference_mode():
            for _ in range(steps):
                recorded.step()
                plain._step()
        recorded.keep(kept)
        plain.keep(kept)
        assert [recorded.ids(place) for place in range(len(kept))] == [plain.ids(place) for place in range(len(kept))]
    assert recorded.ended() == plain.ended() == [0, 1]
