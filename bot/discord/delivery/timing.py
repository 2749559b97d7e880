"""How often messages are edited, and for how long an interaction can be answered."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DeliveryTiming:
    """All in seconds. An end that has not arrived after the last of `retry_pauses` is delivered at the next start."""

    prompt_interval: float = 2.5  # between two edits of the message of one prompt
    retraining_interval: float = 4.0  # between two edits of the message of one retraining
    interaction_lifetime: float = 885.0  # Discord invalidates the token after 15 minutes
    retry_pauses: tuple[float, ...] = (1.0, 2.0, 5.0, 10.0, 30.0, *[60.0] * 60)
    shutdown: float = 4.0  # in which edits that have begun are finished when the bot stops
