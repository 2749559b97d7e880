"""Keys, rhythms, tunes, and ABC notation."""
