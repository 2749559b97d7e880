"""A Discord on loopback, for benchmarks and tests: the server, its gateway, and a connector that leads to it."""
