"""The decoder compared with a plain loop that draws one token at a time."""

from copy import deepcopy

import numpy as np
import pytest
import torch

from model.encoding.inputs import INPUTS, LOOKBACK_BARS, MOTIONS, PHRASES, PLANS, InputEncoder, input_sizes
from model.encoding.tokenizer import decode, token_ticks
from model.music.form import Form
from model.music.key import Key
from model.network import checkpoint
from model.network.checkpoint import Checkpoint
from model.network.lstm import Network, NetworkConfig, restored
from model.network.stepper import Stepper
from model.prompt import Prompt
from model.sampling import detokenize
from model.sampling.decoder import PERSISTENCE, PERSISTS, Decoder
from model.sampling.decoder_kernels import CADENCE, RETRIES
from model.sampling.grammar import Grammar, State
from model.sampling.sampler import Sampler
from model.sampling.sequence_state import LONGEST_TUNE, SequenceState
from tests.model.network.rounded_network import Rounded
from tests.model.network.rounded_network import State as NetworkState

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def network() -> Network:
    read = checkpoint.read(checkpoint.SHIPPED)
    return restored(read.network, read.weights)


def sequence(sampler: Sampler, key: str, rhythm: str, form: str, seed: int, temperature: float = 1.0) -> SequenceState:
    prompt = Prompt(Key.parse(key), rhythm, form=Form.parse(form))
    grammar = Grammar(sampler.vocabulary, detokenize.rules(prompt, sampler.vocabulary))
    parts = range(len(grammar.rules.sections))
    plan = [1 + (seed + 9 * part) % (PLANS - 1) + PLANS * ((seed + 7 * part) % (PHRASES * MOTIONS)) for part in parts]
    return SequenceState(grammar, temperature, np.random.default_rng(seed).random(LONGEST_TUNE), plan=plan)


def drawn_plainly(network: Network, sequence: SequenceState) -> list[int]:
    """The tune of `sequence`, drawn with an LSTM in float64, an InputEncoder and NumPy."""
    plain, grammar = Rounded(network), sequence.grammar
    network_state: NetworkState | None = None
    encoder = InputEncoder(grammar.vocabulary, grammar.rules.form.sounding, sequence.plan, network.config.inputs)
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
        candidates = zip(encoder.candidates(), encoder.runs, PERSISTENCE, PERSISTS, strict=True)
        for seen, run, more, least in candidates if network.config.copies else ():
            logits[seen - 1] += more * (run >= least) * (seen > 0)
        logits += CADENCE * torch.from_numpy(grammar.ticks == left) * bool(closing and left)
        full, strict, free = grammar.rows[state.node]
        mask = grammar.masks[(free if retries < RETRIES else strict) + left if left else full]
        weights = np.exp(logits.double().numpy() / sequence.temperature) * mask
        cumulative = weights.cumsum()
        ids.append(int(np.searchsorted(cumulative, sequence.uniform[count] * cumulative[-1], side="right")))
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
        tunes |= {number: decoder.ids(number) for number in decoder.ended()}
    return [tunes[number] for number in range(len(rows))]


def all_kinds(sampler: Sampler) -> list[SequenceState]:
    return [
        sequence(sampler, "Edor", "reel", "AABB:4", 1),
        sequence(sampler, "G", "jig", "AABBCC:4", 6, 1.4),
        sequence(sampler, "Am", "waltz", "AABA:4", 3, 0.6),
        sequence(sampler, "Dmix", "slip jig", "AB:4", 1),
    ]


@pytest.fixture(scope="module")
def plain_tunes(sampler: Sampler, network: Network) -> list[list[int]]:
    return [drawn_plainly(network, one) for one in all_kinds(sampler)]


def test_a_batch_of_all_kinds_is_what_a_plain_loop_draws(
    sampler: Sampler, network: Network, plain_tunes: list[list[int]], compiled: bool
) -> None:
    assert drawn(Stepper(network, CPU, compiled), all_kinds(sampler)) == plain_tunes


def test_a_network_with_all_inputs_and_copies_draws_what_a_plain_loop_does(sampler: Sampler, compiled: bool) -> None:
    torch.manual_seed(1)
    sizes = input_sizes(sampler.vocabulary)
    config = NetworkConfig(len(sampler.vocabulary), sizes, (6,) * len(sizes), 48, 2, 0.0, INPUTS, True)
    network, rows = Network(config).eval(), all_kinds(sampler)
    with torch.no_grad():
        for weight in network.parameters():
            weight.mul_(4)  # so that inputs matter
    tunes = drawn(Stepper(network, CPU, compiled), rows)
    assert tunes == [drawn_plainly(network, one) for one in rows]
    with torch.no_grad():
        network.output.bias[len(sampler.vocabulary) + LOOKBACK_BARS.index(4)] = 1000
    first, second = decode(sampler.vocabulary.decode(drawn(Stepper(network, CPU, compiled), rows[:1])[0])).parts
    assert second.bars[:2] == first.bars[:2]  # it repeats what stood four bars before wherever the grammar allows


def test_the_tune_ends_on_the_tonic_even_where_the_network_avoids_it(
    sampler: Sampler, small: Checkpoint, compiled: bool
) -> None:
    network, rows = restored(small.network, small.weights), all_kinds(sampler)
    tonic = torch.from_numpy(np.flatnonzero(rows[0].grammar.tonic))
    with torch.no_grad():
        network.output.bias[tonic] = -1000
    for ids in drawn(Stepper(network, CPU, compiled), rows):
        last = [token for token in sampler.vocabulary.decode(ids) if token_ticks(token)][-1]
        assert last.startswith(("C", "c")), last


def test_given_bars_are_kept_and_the_rest_is_drawn(sampler: Sampler) -> None:
    free = sequence(sampler, "D", "reel", "AABB:4", 5)
    vocabulary = sampler.vocabulary
    bar = tuple(vocabulary.encode(["C2", "E2", "G2", "c2", "|"]))
    (ids,) = drawn(sampler.stepper, [SequenceState(free.grammar, 1.0, free.uniform, bars={(1, 2): bar, (1, 3): bar})])
    tokens = sampler.vocabulary.decode(ids)
    second = tokens[tokens.index("|:", 6) :] if "|:" in tokens[6:] else tokens
    assert " ".join(second).count("C2 E2 G2 c2 |") == 2
    state: State | None = Grammar.start
    for token_id in ids:
        assert state is not None
        state = free.grammar.next(state, token_id)
    assert state == State(free.grammar.end, 0)


def test_rows_that_are_kept_go_on_unchanged(sampler: Sampler) -> None:
    rows = [sequence(sampler, "D", "polka", "AB:4", seed) for seed in range(20)]
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
def test_a_recorded_step_does_what_a_step_does(sampler: Sampler, network: Network) -> None:
    rows = [sequence(sampler, "D", "polka", "AB:4", seed) for seed in range(20)]
    stepper = Stepper(network, torch.device("cuda"))
    recorded, plain = Decoder(stepper, rows), Decoder(stepper, rows)
    for steps, kept in ((20, [3, 5, 17]), (100, [0, 2])):
        with torch.inference_mode():
            for _ in range(steps):
                recorded.step()
                plain._step()
        recorded.keep(kept)
        plain.keep(kept)
        assert [recorded.ids(row) for row in range(len(kept))] == [plain.ids(row) for row in range(len(kept))]
    assert recorded.ended() == plain.ended() == [0, 1]
