"""Learning from votes: weights, tuning, the gate, and simulated communities."""
