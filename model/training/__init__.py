"""Training a network on the corpus."""
