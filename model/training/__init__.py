"""Trains networks on the corpus."""
