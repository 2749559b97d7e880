"""The commands of `python -m bot`, one in each file: its options, and what it does."""
