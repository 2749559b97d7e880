"""Messages that follow a prompt or a retraining to its end, and survive restarts."""
