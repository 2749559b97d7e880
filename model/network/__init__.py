"""The LSTM, its checkpoints, and a fast step of it."""
