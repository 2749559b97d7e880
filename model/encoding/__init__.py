"""Tunes as the network reads them: tokens, ids, and inputs of each step."""
