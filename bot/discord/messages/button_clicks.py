"""What a click does. Whoever clicks is the one who asks; everything else is read from the database."""

import io
from typing import Any

import discord

from bot.core.errors import NotFound
from bot.core.values import Message, Place, Progress, StoredTune
from bot.discord import errors as failures
from bot.discord import permissions
from bot.discord.context import Context, place_of
from bot.discord.delivery.asking import ask
from bot.discord.messages.button_views import chosen_in
from bot.discord.messages.tunes import show
from bot.discord.messages.vote_counts import Counts

LONGEST_SHOWN = 1_900  # characters of ABC that fit into a message; longer ones are a file alone


class Buttons:
    """Answers every click on a tune's buttons and on a choice of tunes, however old the message is."""

    def __init__(self, parts: Context) -> None:
        self._parts = parts
        self._counts = Counts(parts.library)

    async def press(self, interaction: discord.Interaction[Any], tune_id: int, action: str) -> None:
        """A click on a button of a tune: one of views.ACTIONS. Errors are told to whoever clicked."""
        acts = {"again": self._again, "vary": self._vary, "abc": self._abc, "delete": self._delete}
        try:
            if action in ("up", "down"):
                await self._vote(interaction, tune_id, 1 if action == "up" else -1)
            else:
                await acts[action](interaction, await self._parts.library.tune(tune_id))
        except NotFound:
            await failures.tell(interaction, NotFound("this tune was deleted"))
        except Exception as error:
            await failures.tell(interaction, error)

    async def pick(self, interaction: discord.Interaction[Any], prompt_id: int, tune_id: int) -> None:
        """A choice: its composer's changes the message; anyone else's shows the tune to them alone."""
        try:
            await self._pick(interaction, prompt_id, tune_id)
        except NotFound:
            await failures.tell(interaction, NotFound("this tune was deleted"))
        except Exception as error:
            await failures.tell(interaction, error)

    async def _vote(self, interaction: discord.Interaction[Any], tune_id: int, value: int) -> None:
        member_id, _ = await self._parts.library.place(place_of(interaction))
        votes = await self._parts.library.press(tune_id, member_id, value)
        await self._counts.show(interaction, tune_id, votes)

    async def _again(self, interaction: discord.Interaction[Any], tune: StoredTune) -> None:
        async def queue(place: Place, message: Message) -> Progress:
            return await self._parts.composer.again(place, tune, message)

        await ask(interaction, queue)

    async def _vary(self, interaction: discord.Interaction[Any], tune: StoredTune) -> None:
        async def queue(place: Place, message: Message) -> Progress:
            return await self._parts.composer.vary(place, tune, "parts", message)

        await ask(interaction, queue)

    async def _abc(self, interaction: discord.Interaction[Any], tune: StoredTune) -> None:
        shown = tune.abc.replace("```", "'''").strip()
        content = f"```\n{shown}\n```" if len(shown) <= LONGEST_SHOWN else ""
        file = discord.File(io.BytesIO(tune.abc.encode()), self._parts.library.file_name(tune, "abc"))
        await interaction.response.send_message(content, file=file, ephemeral=True)

    async def _delete(self, interaction: discord.Interaction[Any], tune: StoredTune) -> None:
        admin = await permissions.is_admin(interaction, self._parts)
        await self._parts.library.delete(tune.id, place_of(interaction), admin)
        await interaction.client.promises.make(interaction)
        if tune.member_id != (await self._parts.store.members.register(place_of(interaction)))[0]:
            await permissions.record(interaction, self._parts, "delete", f"tune {tune.id}, {tune.title}")
        others = await self._parts.store.tunes.of_prompts([tune.prompt_id])
        picker = len(interaction.message.embeds) > 1 if interaction.message else False
        if picker and others:
            answer = await show(self._parts.library, others, interaction.filesize_limit)
            await interaction.edit_original_response(**answer.edit())
            return
        line = f"**{failures.escaped(tune.title)}** was deleted."
        await interaction.edit_original_response(content=line, embeds=[], attachments=[], view=None)

    async def _pick(self, interaction: discord.Interaction[Any], prompt_id: int, tune_id: int) -> None:
        member_id, _ = await self._parts.library.place(place_of(interaction))
        tune = await self._parts.library.tune(tune_id, member_id)
        own = tune.member_id == member_id
        if own and interaction.message and chosen_in(interaction.message) == tune_id:
            await interaction.client.promises.make(interaction)
            return
        await interaction.client.promises.make(interaction, thinking=not own, ephemeral=not own)
        tunes = await self._parts.store.tunes.of_prompts([prompt_id], member_id) if own else [tune]
        answer = await show(self._parts.library, tunes, interaction.filesize_limit, tune_id)
        await interaction.edit_original_response(**answer.edit())
