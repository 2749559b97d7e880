"""From collections of ABC to clean tunes without duplicates, split for training."""
