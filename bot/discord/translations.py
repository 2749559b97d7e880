"""Names and descriptions of the commands in other languages. The body is the other commands' author's."""

import discord
from discord import app_commands


class Translator(app_commands.Translator):
    """English is written in the code; None leaves it so."""

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        return None
