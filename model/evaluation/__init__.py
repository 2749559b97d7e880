"""Measures how good a checkpoint is: `scores` collects all scores, the other modules measure one thing each."""
