"""Tunes as they are played: tempo, swing, accents, ornaments, and the band behind the melody."""
