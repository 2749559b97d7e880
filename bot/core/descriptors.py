"""File descriptors: how many this process may have, and how many of them front ends may take."""

import resource

MOST = 65_536  # that are asked for where the system would give any number
RESERVED = 300  # for the database, Discord, worker, renderer and files
LEAST = 32


def raise_limit() -> int:
    """Raise the soft limit of open files as far as the system allows; the limit that then holds."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return limit()


def limit() -> int:
    """The soft limit of open files."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if soft == resource.RLIM_INFINITY else soft


def spare() -> int:
    """How many descriptors connections from outside may take."""
    return max(limit() - RESERVED, LEAST)
