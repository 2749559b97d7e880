"""Music and learning: ABC notation, the corpus, the LSTM, and the sampler. Never imports `bot`."""
