"""Tunes as the network sees them: tokens, ids, and the inputs at each token."""
