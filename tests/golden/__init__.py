"""What the product gives for fixed seeds: bytes of `sample` and `compose`, `/history`, each kind of message.

`python -m tests.golden.record` writes them anew, for a change that is meant to alter them.
"""
