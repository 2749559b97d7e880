"""Memory of processes, as Linux has it in /proc."""

from collections.abc import Iterator
from pathlib import Path


def resident(pid: int | str = "self") -> float:
    """Resident memory of a process in MB; 0 where it has ended, or the system does not say."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS")), 0) / 1000


def children(pid: int | str = "self") -> Iterator[int]:
    """The ids of the processes that a process started."""
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        yield from map(int, task.read_text().split())
