"""Tunes made visible and audible: ABC text -> PNG, MIDI and MP3 bytes, in processes of their own.

The bot needs `Renderer` alone; what it starts (`bot.render.process`) is the one place that loads the engravers.
"""

from bot.render.pool import KINDS, Renderer

__all__ = ["KINDS", "Renderer"]
