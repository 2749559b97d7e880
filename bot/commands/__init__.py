"""One file for each command of `python -m bot`: its options, and what it does with them."""
