"""Performances as sound: a sampler that plays soundfonts, a room, loudness, MP3."""
