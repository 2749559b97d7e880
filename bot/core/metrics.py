"""Metrics in Prometheus' format. Each bot has a registry of its own."""

from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from bot.core.errors import BadRequest, RenderError, StoreError, TunesmithError, WorkerError
from model.worker.protocol import Event

_SECONDS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60, 120, 300, 900)
_TUNES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
_KINDS: dict[type[TunesmithError], str] = {
    BadRequest: "input",
    WorkerError: "worker",
    RenderError: "render",
    StoreError: "store",
}


class Metrics:
    """Counters, gauges and histograms, and the text that a Prometheus server reads.

    Figures that only a worker process of this bot reports are left out without one: they would stay 0.
    """

    def __init__(self, own_worker: bool = True) -> None:
        self._registry = registry = CollectorRegistry()
        own = registry if own_worker else None
        self.wait = Histogram(
            "tunesmith_wait_seconds", "From accepted to its turn", buckets=_SECONDS, registry=registry
        )
        self.compose = Histogram(
            "tunesmith_compose_seconds", "A prompt's tunes, in the worker", buckets=_SECONDS, registry=registry
        )
        self.render = Histogram(
            "tunesmith_render_seconds", "One tune's picture and sound", buckets=_SECONDS, registry=registry
        )
        self.total = Histogram(
            "tunesmith_prompt_seconds", "From accepted to stored", buckets=_SECONDS, registry=registry
        )
        self._batch = Histogram("tunesmith_batch_tunes", "Tunes composed together", buckets=_TUNES, registry=own)
        self._tokens = Counter("tunesmith_tokens", "Tokens composed", registry=own)
        self._speed = Gauge("tunesmith_tokens_per_second", "In the last batch", registry=own)
        self._memory = Gauge("tunesmith_worker_memory_mebibytes", "Resident memory of the worker", registry=own)
        self._jobs = Gauge("tunesmith_worker_jobs", "Tunes that the worker has", registry=own)
        self._tunes = Counter("tunesmith_tunes", "Tunes stored", ["version"], registry=registry)
        self._failures = Counter("tunesmith_failures", "Prompts that failed", ["kind"], registry=registry)
        self._refusals = Counter("tunesmith_refusals", "Prompts that were not accepted", registry=registry)

    def watch(self, name: str, meaning: str, value: Callable[[], float]) -> None:
        """Add a gauge whose value is computed at each scrape."""
        Gauge(f"tunesmith_{name}", meaning, registry=self._registry).set_function(value)

    def on_event(self, event: Event) -> None:
        """Take over what a worker's event says of the worker itself."""
        if event.state == "batch":
            self._batch.observe(event.jobs)
            self._tokens.inc(event.tokens)
            if event.seconds:
                self._speed.set(event.tokens / event.seconds)
        elif event.state == "alive":
            self._memory.set(event.memory)
            self._jobs.set(event.jobs)

    def composed(self, version: int) -> None:
        """Count a stored tune of this version."""
        self._tunes.labels(version).inc()

    def failed(self, why: BaseException | str) -> None:
        """Count a prompt that failed, by its error or a reason of one word."""
        kind = why if isinstance(why, str) else _KINDS.get(type(why), "unexpected")  # type: ignore[arg-type]
        self._failures.labels(kind).inc()

    def refused(self) -> None:
        """Count a prompt that was not accepted."""
        self._refusals.inc()

    def exposition(self) -> tuple[bytes, str]:
        """The text and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST
