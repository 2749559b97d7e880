"""Chords for a melody: the palettes of the modes, and the harmoniser that chooses from them."""
