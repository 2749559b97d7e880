"""Translations of the commands, one table for each language, by the English text in the code."""
