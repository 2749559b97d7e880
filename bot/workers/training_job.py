"""What a trainer is asked to do."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class TrainingJob:
    """Inputs of a candidate, and where it and its report go. `baseline` is version 1, which sets the gate's limits.

    Another machine knows base and baseline by their hashes, where those are known.
    """

    base: Path
    votes: Path  # training examples, see model.retraining.protocol
    out: Path
    report: Path
    cache: Path  # folder
    seed: int
    baseline: Path | None = None
    base_sha256: str = ""
    baseline_sha256: str = ""

    def arguments(self) -> list[str]:
        """Of `python -m model`."""
        files = {"base": self.base, "votes": self.votes, "out": self.out, "report": self.report, "cache": self.cache}
        files |= {"baseline": self.baseline} if self.baseline else {}
        options = [word for name, path in files.items() for word in (f"--{name}", str(path.absolute()))]
        return ["finetune", *options, "--seed", str(self.seed), "--threads", "1", "--attached"]
