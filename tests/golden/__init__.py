"""Recorded outputs for fixed seeds: files of `sample` and `compose`, `/history`, and each kind of message.

A change that is meant to alter them records them anew with `python -m tests.golden.record`.
"""
