"""Messages that follow a prompt or a retraining to its end, also across restarts of the bot."""
