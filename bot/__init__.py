"""The service: use cases, store, rendering, workers, and two front ends. Never imports torch."""
