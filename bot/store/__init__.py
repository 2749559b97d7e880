"""Tables, queries and transactions: the only SQL."""

from bot.store.store import Store

__all__ = ["Store"]
