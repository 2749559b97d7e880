"""Redis and PostgreSQL of a test's own, on loopback ports of their own; `missing` says why there can be none."""
