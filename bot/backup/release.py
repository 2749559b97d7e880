"""Which release of Tunesmith this is."""

from importlib.metadata import PackageNotFoundError, version


def release() -> str:
    """Its number; `unknown` where it was never installed."""
    try:
        return version("tunesmith")
    except PackageNotFoundError:
        return "unknown"
