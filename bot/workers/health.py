"""What is known of a worker."""

from dataclasses import dataclass, field

PROTOCOL = 1  # of what bots and workers say to each other; both must speak the same


@dataclass(frozen=True)
class Health:
    """What a worker says of itself. `held` are the hashes of the versions it has, `versions` their numbers."""

    name: str
    protocol: int = PROTOCOL
    device: str = ""
    slots: int = 1
    free: int = 1
    held: tuple[str, ...] = ()
    versions: tuple[int, ...] = ()
    memory: int = 0  # MiB
    seen: float = field(default=0.0, compare=False)  # seconds since it was last heard of
