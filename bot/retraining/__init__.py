"""Retraining the model on members' votes: candidates, their tests, and the version in use."""
