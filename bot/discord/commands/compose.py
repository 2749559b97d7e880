"""/compose: one to four tunes in a key that a member chooses."""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Range

from bot.core.values import MOST_TUNES, Message, Place, Progress
from bot.discord import permissions
from bot.discord.commands import autocomplete
from bot.discord.context import Context
from bot.discord.delivery.submission import submit
from model.prompt import LARGEST_SEED, LONGEST_OPENING, TEMPOS, parse_prompt


def add(tree: app_commands.CommandTree[Any], context: Context) -> None:
    """Add /compose to the tree."""

    @tree.command(description="Compose a tune in a key you choose")
    @app_commands.describe(
        key="Tonic and mode: D, Gm, Edor, Amix",
        rhythm="The dance; drawn when left out",
        temperature="How daring: 0.1 (careful) to 2.0 (wild); 1.0 when left out",
        form="Order of parts, and bars in each: AABB when left out",
        seed="The same seed gives the same tune; drawn when left out",
        opening="The first bars, in ABC notation",
        tempo="Beats a minute; as the dance is played when left out",
        instrument="What plays the tune, and what it can play; the dance's own when left out",
        band="Guitar, bass and bodhrán behind it; yes when left out",
        transpose="Move an opening with a [K:] of its own to this key",
        count="How many tunes, 1 to 4",
    )
    @app_commands.autocomplete(key=autocomplete.key, rhythm=autocomplete.rhythm, form=autocomplete.form)
    @app_commands.choices(instrument=autocomplete.INSTRUMENTS)
    async def compose(
        interaction: discord.Interaction[Any],
        key: Range[str, 1, 40],
        rhythm: Range[str, 1, 40] | None = None,
        temperature: Range[float, 0.1, 2.0] | None = None,
        form: Range[str, 1, 40] | None = None,
        seed: Range[int, 0, LARGEST_SEED] | None = None,
        opening: Range[str, 1, LONGEST_OPENING] | None = None,
        transpose: bool | None = None,
        count: Range[int, 1, MOST_TUNES] | None = None,
        tempo: Range[int, *TEMPOS] | None = None,
        instrument: str | None = None,
        band: bool | None = None,
    ) -> None:
        given: dict[str, Any] = {
            "key": key,
            "rhythm": rhythm,
            "temperature": temperature,
            "form": form,
            "seed": seed,
            "opening": opening,
            "transpose": transpose,
            "count": count,
            "tempo": tempo,
            "instrument": instrument,
            "band": band,
        }
        given = {name: value for name, value in given.items() if value is not None}
        parse_prompt(
            **{name: value for name, value in given.items() if name != "count"}
        )  # a wrong option is answered before the response is deferred

        async def queue(place: Place, message: Message) -> Progress:
            options = {**await permissions.default_options(interaction, context), **given}
            count = options.pop("count", 1)
            return await context.composer.compose(place, parse_prompt(**options), count, message=message)

        await submit(interaction, queue)
