"""The training loop: Adam on the next-token loss, held-out loss, early stopping, resuming after an interruption."""

import dataclasses
import json
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import torch
from safetensors.torch import save
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from model.errors import CheckpointError, ModelError
from model.files import write_atomically
from model.network import checkpoint
from model.network.lstm import Network
from model.network.precision import mixed
from model.network.presets import Preset
from model.training.batches import IGNORED, Batch, Batches

SAVE_SECONDS = 40.0  # an interrupted run loses at most this and one step


@dataclass
class History:
    """Of each evaluation: its step, the training loss since the one before and the held-out loss in nats per token."""

    steps: list[int] = field(default_factory=list)
    training: list[float] = field(default_factory=list)
    held_out: list[float] = field(default_factory=list)
    bits_per_note: list[float] = field(default_factory=list)


@dataclass
class _Tally:
    """Training loss and tokens since the last evaluation."""

    summed: float = 0.0
    tokens: int = 0
    began: float = field(default_factory=time.monotonic)

    def add(self, loss: float, tokens: int) -> None:
        self.summed, self.tokens = self.summed + loss * tokens, self.tokens + tokens

    @property
    def loss(self) -> float:
        return self.summed / max(1, self.tokens)

    @property
    def rate(self) -> float:
        """Tokens a second."""
        return self.tokens / max(1e-9, time.monotonic() - self.began)


class Trainer:
    """Trains `network` and writes the best weights, by held-out loss, to `out`.

    `header` has the checkpoint's `vocabulary` and `facts`. The file `out` + `.resume` has all that a killed run needs
    to go on: weights, optimiser state, step, history. Random numbers of a step depend on `seed` and its number alone,
    so a resumed run ends with the weights of an uninterrupted one. Products are bfloat16 where the hardware multiplies
    it natively; weights, their updates and the held-out loss are float32.
    """

    def __init__(
        self,
        network: Network,
        batches: Batches,
        preset: Preset,
        out: Path,
        header: dict[str, Any],
        *,
        seed: int = 0,
        device: torch.device | None = None,
    ) -> None:
        self.device = device or torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.network = network.to(self.device)
        self.batches, self.preset, self.out, self.header, self.seed = batches, preset, out, header, seed
        self.optimizer = torch.optim.Adam(self.network.parameters(), preset.rate)
        self.step = 0
        self.seconds = 0.0
        self.history = History()

    @property
    def resume_path(self) -> Path:
        return self.out.with_name(self.out.name + ".resume")

    def run(self, until: Callable[[], bool] = lambda: False) -> History:
        """Trains to the preset's last step, to the end of its patience, or until `until()` is true between steps.

        Raises ModelError where the loss is not finite.
        """
        saved = time.monotonic()
        since_evaluation = _Tally()
        bar = tqdm(total=self.preset.steps, initial=self.step, unit="step", disable=not sys.stderr.isatty())
        while self.step < self.preset.steps and not self._out_of_patience() and not until():
            since_evaluation.add(*self._train_step())
            bar.update()
            if evaluated := self.step % self.preset.evaluate_every == 0 or self.step == self.preset.steps:
                self._evaluate(since_evaluation.loss)
                self._report(bar, since_evaluation.rate)
                since_evaluation = _Tally()
            if evaluated or time.monotonic() - saved > SAVE_SECONDS:
                self.save_resume()
                saved = time.monotonic()
        bar.close()
        self.save_resume()
        return self.history

    def _report(self, bar: "tqdm[NoReturn]", rate: float) -> None:
        """Shows the last evaluation in the bar on a terminal, as a line elsewhere."""
        held_out, bits = self.history.held_out[-1], self.history.bits_per_note[-1]
        if not bar.disable:
            bar.set_postfix(loss=f"{held_out:.3f}", tok_s=f"{rate:.0f}")
            return
        print(
            f"step {self.step}/{self.preset.steps}  loss {self.history.training[-1]:.4f}  held-out {held_out:.4f}"
            f"  {bits:.3f} bits/note  {rate:.0f} tokens/s",
            file=sys.stderr,
            flush=True,
        )

    def _train_step(self) -> tuple[float, int]:
        """One step of Adam; the mean loss per token and the number of tokens."""
        started = time.monotonic()
        torch.manual_seed(self.seed * 1_000_003 + self.step)
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.step)
        batch = self.batches.training(generator)
        self.network.train()
        for group in self.optimizer.param_groups:
            group["lr"] = self.preset.rate * scheduled(self.preset, self.step)
        with mixed(self.device):
            loss = self._loss(batch, "mean")
        if not math.isfinite(loss.item()):
            raise ModelError(f"training diverged at step {self.step}: the loss is not a number; try a lower rate")
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.preset.clip)
        self.optimizer.step()
        self.step += 1
        self.seconds += time.monotonic() - started
        return loss.item(), int((batch.targets != IGNORED).sum())

    def _loss(self, batch: Batch, reduction: str) -> Tensor:
        logits, _ = self.network(batch.inputs.to(self.device))
        targets = batch.targets.to(self.device).flatten()
        return F.cross_entropy(logits.flatten(0, 1).float(), targets, ignore_index=IGNORED, reduction=reduction)

    def held_out_loss(self) -> tuple[float, float]:
        """The loss on the held-out tunes, in nats per token and in bits per note."""
        self.network.eval()
        with torch.inference_mode():
            parts = [(float(self._loss(b, "sum")), int((b.targets != IGNORED).sum())) for b in self.batches.held_out()]
        total = sum(loss for loss, _ in parts)
        return total / sum(n for _, n in parts), total / math.log(2) / self.batches.held_out_notes

    def _evaluate(self, training_loss: float) -> None:
        loss, bits = self.held_out_loss()
        best = min(self.history.held_out, default=math.inf)
        self.history.steps.append(self.step)
        self.history.training.append(training_loss)
        self.history.held_out.append(loss)
        self.history.bits_per_note.append(bits)
        if loss < best:
            self._save_best(loss, bits)
        draw_loss_curve(self.history, self.preset.name, self.out.with_suffix(".png"))

    def _out_of_patience(self) -> bool:
        losses = self.history.held_out
        return bool(losses) and len(losses) - 1 - losses.index(min(losses)) >= self.preset.patience

    def _save_best(self, loss: float, bits: float) -> None:
        facts = {
            **self.header["facts"],
            "steps": self.step,
            "seconds": round(self.seconds),
            "held_out_loss": round(loss, 4),
            "bits_per_note": round(bits, 4),
        }
        weights = {name: tensor.cpu() for name, tensor in self.network.state_dict().items()}
        checkpoint.write(
            self.out,
            checkpoint.Checkpoint(
                self.preset.name, self.network.config.to_json(), self.header["vocabulary"], facts, weights
            ),
            torch.float16,  # half the size; the resume file keeps the full weights
        )

    def save_resume(self) -> None:
        """Writes the resume file. Raises InputError where it cannot be written."""
        tensors = {f"weights/{name}": tensor for name, tensor in self.network.state_dict().items()}
        for index, entry in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer/{index}/{name}": value for name, value in entry.items()}
        header = {
            "format": checkpoint.FORMAT,
            "preset": dataclasses.asdict(self.preset),
            "step": self.step,
            "seed": self.seed,
            "seconds": self.seconds,
            "history": dataclasses.asdict(self.history),
            "vocabulary": self.header["vocabulary"],
        }
        data = save({n: t.cpu().contiguous() for n, t in tensors.items()}, metadata={"tunesmith": json.dumps(header)})
        write_atomically(self.resume_path, data)

    def resume(self) -> None:
        """Continues the run in the resume file. Raises CheckpointError for one of another vocabulary or network."""
        header, tensors = checkpoint.read_tensors(self.resume_path)
        if header["vocabulary"] != self.header["vocabulary"]:
            raise CheckpointError(f"{self.resume_path} was trained on another corpus; train anew without --resume")
        try:
            self.network.load_state_dict(_under("weights/", tensors))
        except RuntimeError as error:
            raise CheckpointError(f"{self.resume_path} holds another network; train anew without --resume") from error
        state: dict[int, dict[str, Tensor]] = {}
        for name, tensor in _under("optimizer/", tensors).items():
            index, key = name.split("/")
            state.setdefault(int(index), {})[key] = tensor
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": state})
        self.step, self.seed, self.seconds = header["step"], header["seed"], header["seconds"]
        self.history = History(**header["history"])


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name[len(prefix) :]: tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def scheduled(preset: Preset, step: int) -> float:
    """The share of the preset's learning rate at `step`, by its schedule."""
    if preset.schedule == "constant":
        return 1.0
    warm_up = min(100, preset.steps // 10) or 1
    if step < warm_up:
        return (step + 1) / warm_up
    progress = (step - warm_up) / max(1, preset.steps - warm_up)
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress))


def draw_loss_curve(history: History, name: str, path: Path) -> None:
    """Writes the loss curves as a PNG file."""
    from matplotlib.figure import Figure  # takes a second to import, and only training needs it

    figure = Figure(figsize=(7, 4), dpi=120, layout="constrained")
    axes = figure.subplots()
    axes.plot(history.steps, history.training, label="training")
    axes.plot(history.steps, history.held_out, label="held out")
    axes.set(xlabel="step", ylabel="loss (nats per token)", title=f"preset {name}")
    axes.legend()
    axes.grid(alpha=0.3)
    figure.savefig(path)
