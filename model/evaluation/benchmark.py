"""Measures how fast sampling is, beside plain ways to sample the same networks and the machine's limits."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from model.encoding.inputs import InputEncoder
from model.encoding.vocabulary import Vocabulary
from model.music.form import Form
from model.music.key import Key
from model.music.rhythm import RHYTHMS
from model.network import checkpoint
from model.network.int8_matmul import Product
from model.network.kernels import ONE
from model.network.lstm import Network, NetworkConfig, restored
from model.network.precision import best_dtype
from model.network.presets import SEED
from model.network.stepper import Stepper
from model.prompt import Prompt
from model.sampling import decoder_kernels, detokenize
from model.sampling.decoder import Decoder
from model.sampling.grammar import Grammar
from model.sampling.next_token import choose
from model.sampling.sequence_state import LONGEST_TUNE, SequenceState
from model.sampling.threads import run_on_threads, thread_count

CHARACTERS = 83  # in the seed article's vocabulary
FOLK_RNN = NetworkConfig(137, (137,), (137,), 512, 3)  # folk-rnn's v2: one-hot tokens, 3 x 512
ROUNDS = 5  # of turns; each step's median rate counts
SECONDS = 0.25  # of one turn
STEPS_PER_TURN = 50  # of each thread, where several threads take them


@dataclass(frozen=True)
class Figure:
    """A row of the benchmark: rates of the `baseline` and of `ours` in `unit`; `goal` is the least ratio wanted."""

    name: str
    baseline: float
    ours: float
    goal: float | None = None
    unit: str = "tokens/s"

    @property
    def ratio(self) -> float:
        return self.ours / self.baseline

    def to_json(self) -> dict[str, Any]:
        row = asdict(self) | {"baseline": round(self.baseline, 1), "ours": round(self.ours, 1)}
        return row | {"ratio": round(self.ratio, 3)}


Step = Callable[[], object]


def rates(steps: dict[str, tuple[Step, int]], device: torch.device) -> dict[str, float]:
    """Tokens/s of each of `steps`, given with how many tokens it draws: medians of turns steps one after another."""
    seen: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(ROUNDS + 1):
        for name, (step, tokens) in steps.items():
            count, began = 0, time.perf_counter()
            while (passed := time.perf_counter() - began) < SECONDS or count == 0:
                step()
                if device.type == "cuda":
                    torch.cuda.synchronize()
                count += tokens
            if turn:  # the first warms up
                seen[name].append(count / passed)
    return {name: statistics.median(found) for name, found in seen.items()}


def loop(network: Network, read: Callable[[int], Sequence[int]]) -> Step:
    """A step of the article's sampler: nn.LSTM, one token of one tune. `read` gives the inputs at a token."""
    state: tuple[Tensor, Tensor] | None = None
    inputs = read(0)
    device = next(network.parameters()).device

    def step() -> None:
        nonlocal state, inputs
        with torch.inference_mode():
            logits, state = network(torch.tensor([[inputs]], device=device), state)
            inputs = read(int(torch.multinomial(logits[0, 0].softmax(-1), 1)))

    return step


def numpy_loop(network: Network) -> Step:
    """A step of folk-rnn's fast sampler: NumPy, one-hot inputs, and a product for each gate of each layer."""
    weights = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    size = network.config.hidden
    h = [np.zeros(size, dtype=np.float32) for _ in range(network.config.layers)]
    c = [np.zeros(size, dtype=np.float32) for _ in range(network.config.layers)]
    random, token = np.random.default_rng(0), 0

    def gate(layer: int, number: int, x: Any) -> Any:
        rows = slice(number * size, (number + 1) * size)
        w, u = weights[f"lstm.weight_ih_l{layer}"][rows], weights[f"lstm.weight_hh_l{layer}"][rows]
        bias = weights[f"lstm.bias_ih_l{layer}"][rows] + weights[f"lstm.bias_hh_l{layer}"][rows]
        return w @ x + u @ h[layer] + bias

    def sigmoid(x: Any) -> Any:
        return 1 / (1 + np.exp(-x))

    def step() -> None:
        nonlocal token
        x: Any = np.zeros(network.config.vocabulary, dtype=np.float32)
        x[token] = 1
        for layer in range(network.config.layers):
            i, f, g, o = (gate(layer, number, x) for number in range(4))
            c[layer] = sigmoid(f) * c[layer] + sigmoid(i) * np.tanh(g)
            x = h[layer] = sigmoid(o) * np.tanh(c[layer])
        logits = weights["output.weight"] @ x + weights["output.bias"]
        p = np.exp(logits - logits.max()).astype(np.float64)
        token = int(random.choice(len(p), p=p / p.sum()))

    return step


def plain_steps(stepper: Stepper, rows: int) -> Step:
    """Our step without a grammar, for networks with tokens as the only input."""
    device, random = stepper.device, np.random.default_rng(0)
    state, tokens = stepper.zeros(rows), torch.zeros(rows, 1, dtype=torch.int64, device=device)
    allowed = torch.ones(rows, stepper.config.vocabulary, dtype=torch.bool, device=device)
    ones = torch.ones(rows, 1, device=device)

    @torch.inference_mode()
    def step() -> None:
        nonlocal tokens
        uniform = torch.rand(rows, 1, dtype=torch.float64, device=device)
        tokens = choose(stepper.step(tokens, state), allowed, ones, uniform)[:, None]

    def compiled_step() -> None:
        decoder_kernels.choose(
            stepper.step(tokens, state).numpy(), masks, temperature, random.random((rows, 1)), chosen
        )

    if not stepper.compiled:
        return step
    masks, temperature, chosen = allowed.numpy(), ones.numpy(), tokens.numpy()[:, 0]
    return compiled_step


def grammar_steps(stepper: Stepper, vocabulary: Vocabulary, rows: int) -> Step:
    """Our step as in production: `rows` tunes of all rhythms, each with its grammar, begun again before any ends."""
    names, keys = list(RHYTHMS), [Key.parse(text) for text in ("D", "G", "Edor", "Am", "Amix")]
    prompts = [Prompt(keys[i % len(keys)], names[i % len(names)], form=Form("AABB", 16)) for i in range(rows)]
    grammars: dict[Prompt, Grammar] = {}
    for prompt in prompts:
        grammars.setdefault(prompt, Grammar(vocabulary, detokenize.rules(prompt, vocabulary)))
    uniform = np.random.default_rng(0).random((rows, LONGEST_TUNE))
    drafts = [SequenceState(grammars[prompt], 1.0, uniform[i]) for i, prompt in enumerate(prompts)]
    decoder, steps = Decoder(stepper, drafts), 0

    def step() -> None:
        nonlocal decoder, steps
        if steps == 150:  # before the first of them ends
            decoder, steps = Decoder(stepper, drafts), 0
        decoder.step()
        steps += 1

    return step


def on_threads(make: Callable[[int], Step], rows: int, device: torch.device) -> tuple[Step, int]:
    """A step for `rows` rows on as many threads as the sampler uses, and how many tokens it draws."""
    parts = thread_count(rows, torch.get_num_threads()) if device.type == "cpu" else 1
    steps = [make(rows // parts) for _ in range(parts)]

    def several(step: Step) -> Iterator[None]:
        for _ in range(STEPS_PER_TURN):
            step()
        yield

    if parts == 1:
        return steps[0], rows
    return lambda: list(run_on_threads([several(step) for step in steps])), STEPS_PER_TURN * (rows // parts) * parts


def matrix_rate(device: torch.device, dtype: torch.dtype, size: int = 1024) -> float:
    """Operations/s of a square matrix product, the most that this machine reaches; int8 ones for that type."""
    a, b = (torch.randn(size, size, device=device) for _ in range(2))
    if dtype == torch.int8:
        product, x = Product(b, device), (a * 30).clamp(-ONE, ONE).to(torch.int8)
        return rates({"product": (lambda: product(x), 2 * size**3)}, device)["product"]
    a, b = a.to(dtype), b.to(dtype)
    return rates({"product": (lambda: a @ b, 2 * size**3)}, device)["product"]


def bandwidth(device: torch.device, megabytes: int = 256) -> float:
    """Bytes/s at which this machine reads memory."""
    data = torch.zeros(megabytes * 2**20 // 4, device=device)
    return rates({"sum": (lambda: data.sum(), data.numel() * 4)}, device)["sum"]


def roofline(weights: int, size: int, rows: int, rate: float, bytes_read: float) -> float:
    """The most tokens/s at a batch of `rows`: a step reads `weights` weights of `size` bytes once, for all rows.

    `rate` is in operations/s, of which a weight takes two; `bytes_read` in bytes/s.
    """
    return rows / max(weights * size / bytes_read, rows * 2 * weights / rate)


def figures(device: torch.device, batches: Sequence[int]) -> list[Figure]:
    """All rows: of the shipped network and, with random weights, of the seed article's and folk-rnn's.

    `roofline` is for floating-point products of the same weights, `int8-roofline` for the products that we use.
    """
    shipped = checkpoint.read(checkpoint.SHIPPED)
    vocabulary, trad = Vocabulary.from_json(shipped.vocabulary), restored(shipped.network, shipped.weights)
    sizes = NetworkConfig(CHARACTERS, (CHARACTERS,), SEED.widths, SEED.hidden, SEED.layers)
    dtype, bytes_read = best_dtype(device), bandwidth(device)
    rates_of = {kind: matrix_rate(device, kind) for kind in (dtype, torch.int8)}
    encoder, found = InputEncoder(vocabulary, 2, inputs=trad.config.inputs), list[Figure]()

    def read(token: int) -> Sequence[int]:
        return encoder.read(vocabulary.tokens[token], token)

    def compare(name: str, network: Network, baseline: str, plain: Step, goals: dict[int | str, float]) -> None:
        stepper = Stepper(network, device)

        def make(rows: int) -> Step:
            return grammar_steps(stepper, vocabulary, rows) if name == "trad" else plain_steps(stepper, rows)

        ours = {str(rows): on_threads(make, rows, device) for rows in batches}
        measured = rates({baseline: (plain, 1), **ours}, device)
        for rows in batches:
            row = f"{name}-vs-{baseline}-{rows}"
            found.append(Figure(row, measured[baseline], measured[str(rows)], goals.get(rows)))
        best = max(batches, key=lambda rows: measured[str(rows)])
        found.append(Figure(f"{name}-vs-{baseline}-best", measured[baseline], measured[str(best)], goals.get("best")))
        for rows in dict.fromkeys((batches[0], best)):
            for kind, label, goal in ((dtype, "roofline", 0.6), (torch.int8, "int8-roofline", None)):
                most = roofline(stepper.weights, kind.itemsize, rows, rates_of[kind], bytes_read)
                row = f"{name}-vs-{label}-{rows}"
                found.append(Figure(row, most, measured[str(rows)], goal if rows == best else None))

    seed, folk_rnn = Network(sizes).eval().to(device), Network(FOLK_RNN).eval()
    with torch.no_grad():
        folk_rnn.embeddings[0].weight.copy_(torch.eye(FOLK_RNN.vocabulary))  # type: ignore[operator]
    compare("seed", seed, "loop", loop(seed, lambda token: [token]), {1: 8, "best": 120})
    compare("trad", trad.to(device), "loop", loop(trad, read), {1: 6, "best": 90})
    compare("folkrnn", folk_rnn, "numpy", numpy_loop(folk_rnn), {})
    return [*found, mask_cost(Stepper(trad, device), vocabulary)]


def mask_cost(stepper: Stepper, vocabulary: Vocabulary, rows: int = 64) -> Figure:
    """A step with and without the time of masks: of finding each row's, and of drawing by it, not from all."""
    step = grammar_steps(stepper, vocabulary, rows)
    decoder = Decoder(
        stepper, [SequenceState(_any_grammar(vocabulary), 1.0, np.zeros(LONGEST_TUNE)) for _ in range(rows)]
    )
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(rows, len(vocabulary), generator=generator).to(stepper.device)
    uniform = torch.rand(rows, 1, dtype=torch.float64, generator=generator).to(stepper.device)
    all_allowed, ones = torch.ones_like(logits, dtype=torch.bool), torch.ones(rows, 1, device=stepper.device)

    @torch.inference_mode()
    def masked() -> None:
        choose(logits, decoder.masks(), ones, uniform)

    @torch.inference_mode()
    def free() -> None:
        choose(logits, all_allowed, ones, uniform)

    steps: dict[str, tuple[Step, int]] = {"step": (step, rows), "masked": (masked, rows), "free": (free, rows)}
    measured = rates(steps, stepper.device)
    without = 1 / (1 / measured["step"] - max(0, 1 / measured["masked"] - 1 / measured["free"]))
    return Figure(f"trad-vs-unmasked-{rows}", without, measured["step"], 0.9)


def _any_grammar(vocabulary: Vocabulary) -> Grammar:
    return Grammar(vocabulary, detokenize.rules(Prompt(Key.parse("D"), "reel"), vocabulary))
