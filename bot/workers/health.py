"""What is known of a worker."""

from dataclasses import dataclass, field

PROTOCOL = 1  # of the messages between bots and workers; both must have the same


@dataclass(frozen=True)
class Health:
    """What a worker publishes of itself. `held` are the hashes of the versions it has, `versions` their numbers.

    `trains`: it takes retrainings.
    """

    name: str
    protocol: int = PROTOCOL
    device: str = ""
    slots: int = 1
    free: int = 1
    held: tuple[str, ...] = ()
    versions: tuple[int, ...] = ()
    memory: int = 0  # MiB
    trains: bool = False
    seen: float = field(default=0.0, compare=False)  # seconds since its last sign of life

    @property
    def on_gpu(self) -> bool:
        """Whether it computes on an accelerator; one whose device is unknown does not."""
        return bool(self.device) and not self.device.startswith("CPU")
