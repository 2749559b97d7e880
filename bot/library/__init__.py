"""Stored tunes: lookup, votes, files, tunebooks; and the settings of servers."""
