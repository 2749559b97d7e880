"""Builds the bot, or a worker on a machine of its own, from the settings, and runs it."""
