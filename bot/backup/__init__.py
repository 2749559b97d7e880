"""Backups: one file with the database, the learned checkpoints and the settings, and the way back from it."""
