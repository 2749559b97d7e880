"""How often a worker on a machine of its own does what, and for how long it waits."""

from dataclasses import dataclass


@dataclass(frozen=True)
class AgentTimings:
    """Seconds."""

    heartbeat: float = 1.0  # between two
    preference: float = 2.0  # that a job waits for a worker that has its version
    lost_claim: float = 3.0  # after which a job counts as claimed by us without our knowing: the answer never came
    notify_after: float = 0.3  # before the bot is notified who has a job: most are done sooner
    grace: float = 10.0  # for jobs to finish when the worker is stopped
    training_heartbeat: float = 1.0  # between two
    training_unwanted: float = 3.0  # without a bot that wants it: Redis may have forgotten it, and its bot not noticed
    training_preference: float = 30.0  # that a training waits for a worker with a GPU, where there is one
