"""Translates names and descriptions of the commands; messages are in English only."""

import discord
from discord import app_commands

from bot.discord.languages import french, german

TABLES = {discord.Locale.french: french.TABLE, discord.Locale.german: german.TABLE}


class Translator(app_commands.Translator):
    """Gives the translation of an English text; None leaves it in English."""

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        return TABLES.get(locale, {}).get(string.message)
