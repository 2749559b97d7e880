"""Names and descriptions of the commands in other languages; English is written in the code, messages stay English."""

import discord
from discord import app_commands

from bot.discord.languages import french, german

# the table of a language serves all its locales
TABLES = {discord.Locale.french: french.TABLE, discord.Locale.german: german.TABLE}


class Translator(app_commands.Translator):
    """Looks a name or a description up by its English; None, where there is no other, leaves it English."""

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        return TABLES.get(locale, {}).get(string.message)
