"""One file for each command of `python -m model`: its options, and what it does with them."""
