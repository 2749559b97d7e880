"""The worker process that composes for the bot, and its protocol."""
