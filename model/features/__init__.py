"""Numbers that describe a tune, or a set of tunes."""
