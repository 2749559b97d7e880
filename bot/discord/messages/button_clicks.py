"""What clicks on the buttons and select menus under tunes do. All state is read from the database."""

from typing import Any

import discord

from bot.core.errors import NotFound
from bot.core.rendering import Playing
from bot.core.values import Message, Place, Progress, StoredTune
from bot.discord import errors, permissions
from bot.discord.context import Context, place_of
from bot.discord.delivery.submission import submit
from bot.discord.messages.button_views import chosen_tune
from bot.discord.messages.content import Attachment, MessageContent
from bot.discord.messages.recordings import recording_message
from bot.discord.messages.tunes import tune_message
from bot.discord.messages.vote_counts import VoteCounts

LONGEST_ABC = 1_900  # characters that fit into a message; longer ABC comes as a file alone
_DELETED = "this tune was deleted"


class Buttons:
    """Answers clicks under messages of any age, on behalf of the member who clicks. Errors are shown to them alone."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._vote_counts = VoteCounts(context.library)

    async def click(self, interaction: discord.Interaction[Any], tune_id: int, action: str) -> None:
        """A button of a tune; `action` is a key of button_views.ACTIONS."""
        handlers = {
            "again": self._again,
            "vary": self._vary,
            "abc": self._abc,
            "listen": self._listen,
            "delete": self._delete,
        }
        try:
            if action in ("up", "down"):
                await self._vote(interaction, tune_id, 1 if action == "up" else -1)
            else:
                await handlers[action](
                    interaction, await self._context.library.tune_here(tune_id, place_of(interaction))
                )
        except NotFound:
            await errors.send_error(interaction, NotFound(_DELETED))
        except Exception as error:
            await errors.send_error(interaction, error)

    async def select(self, interaction: discord.Interaction[Any], prompt_id: int, tune_id: int) -> None:
        """A choice among the tunes of a prompt: its member's changes the message, others see the tune privately."""
        try:
            await self._select(interaction, prompt_id, tune_id)
        except NotFound:
            await errors.send_error(interaction, NotFound(_DELETED))
        except Exception as error:
            await errors.send_error(interaction, error)

    async def listen(self, interaction: discord.Interaction[Any], tune_id: int, playing: Playing) -> None:
        """A choice under a recording: the message, which its member alone sees, gets another recording."""
        try:
            tune = await self._context.library.tune_here(tune_id, place_of(interaction))
            await interaction.client.deferrals.defer(interaction)
            await self._record(interaction, tune, playing)
        except NotFound:
            await errors.send_error(interaction, NotFound(_DELETED))
        except Exception as error:
            await errors.send_error(interaction, error)

    async def _vote(self, interaction: discord.Interaction[Any], tune_id: int, value: int) -> None:
        votes = await self._context.library.toggle_vote(tune_id, place_of(interaction), value)
        await self._vote_counts.show(interaction, tune_id, votes)

    async def _again(self, interaction: discord.Interaction[Any], tune: StoredTune) -> None:
        async def queue(place: Place, message: Message) -> Progress:
            return await self._context.composer.again(place, tune, message)

        await submit(interaction, queue)

    async def _vary(self, interaction: discord.Interaction[Any], tune: StoredTune) -> None:
        async def queue(place: Place, message: Message) -> Progress:
            return await self._context.composer.vary(place, tune, "parts", message)

        await submit(interaction, queue)

    async def _abc(self, interaction: discord.Interaction[Any], tune: StoredTune) -> None:
        await interaction.client.deferrals.defer(interaction, thinking=True, ephemeral=True)
        data = (await self._context.library.files(tune, ["abc"]))["abc"]
        abc = data.decode().replace("```", "'''").strip()
        text = f"```\n{abc}\n```" if len(abc) <= LONGEST_ABC else ""
        file = Attachment(self._context.library.file_name(tune, "abc"), data)
        await interaction.edit_original_response(**MessageContent(text, attachments=(file,)).edit())

    async def _listen(self, interaction: discord.Interaction[Any], tune: StoredTune) -> None:
        await interaction.client.deferrals.defer(interaction, thinking=True, ephemeral=True)
        await self._record(interaction, tune, Playing.of(tune.prompt))

    async def _record(self, interaction: discord.Interaction[Any], tune: StoredTune, playing: Playing) -> None:
        sound = await self._context.library.recording(tune, playing)
        content = recording_message(tune, playing, sound, interaction.filesize_limit)
        await interaction.edit_original_response(**content.edit())

    async def _delete(self, interaction: discord.Interaction[Any], tune: StoredTune) -> None:
        admin = await permissions.is_admin(interaction, self._context)
        await self._context.library.delete(tune.id, place_of(interaction), admin)
        await interaction.client.deferrals.defer(interaction)
        if tune.member_id != (await self._context.store.members.register(place_of(interaction)))[0]:
            await permissions.record_action(interaction, self._context, "delete", f"tune {tune.id}, {tune.title}")
        others = await self._context.store.tunes.of_prompts([tune.prompt_id])
        several = len(interaction.message.embeds) > 1 if interaction.message else False
        if several and others:
            content = await tune_message(self._context.library, others, interaction.filesize_limit)
            await interaction.edit_original_response(**content.edit())
            return
        line = f"**{errors.escaped(tune.title)}** was deleted."
        await interaction.edit_original_response(**MessageContent(line).edit())

    async def _select(self, interaction: discord.Interaction[Any], prompt_id: int, tune_id: int) -> None:
        member_id, _ = await self._context.library.place(place_of(interaction))
        tune = await self._context.library.tune_here(tune_id, place_of(interaction))
        own = tune.member_id == member_id
        if own and interaction.message and chosen_tune(interaction.message) == tune_id:
            await interaction.client.deferrals.defer(interaction)
            return
        await interaction.client.deferrals.defer(interaction, thinking=not own, ephemeral=not own)
        tunes = await self._context.store.tunes.of_prompts([prompt_id], member_id) if own else [tune]
        content = await tune_message(self._context.library, tunes, interaction.filesize_limit, tune_id)
        await interaction.edit_original_response(**content.edit())
