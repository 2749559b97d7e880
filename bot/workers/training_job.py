"""What a trainer is asked to do."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class TrainingJob:
    """What a candidate is made of, and where it and the report go. `baseline` is what it may not fall far behind.

    Another machine knows base and baseline by their hashes, where those are known.
    """

    base: Path
    votes: Path  # JSON lines: id, abc, rhythm, weight
    out: Path
    report: Path
    cache: Path  # folder
    seed: int
    baseline: Path | None = None
    base_sha256: str = ""
    baseline_sha256: str = ""

    def words(self) -> list[str]:
        named = {"base": self.base, "votes": self.votes, "out": self.out, "report": self.report, "cache": self.cache}
        named |= {"baseline": self.baseline} if self.baseline else {}
        options = [word for name, path in named.items() for word in (f"--{name}", str(path.absolute()))]
        return ["finetune", *options, "--seed", str(self.seed), "--threads", "1", "--attached"]
