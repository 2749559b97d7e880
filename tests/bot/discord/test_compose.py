"""/compose: what a member sees from the command to the tune."""

from pathlib import Path

from tests.bot.discord.stage import custom_ids, files, labels, stage


async def test_a_tune_arrives_with_picture_audio_files_and_buttons(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        message = await on.composed(rhythm="reel", seed=7, temperature=0.9, form="AABB")
        (embed,) = message.embeds
        assert embed.title == "Seed 7"
        shown = {field.name: field.value for field in embed.fields}
        assert shown["Key"] == "E dorian"
        assert shown["Seed"] == "7"
        assert shown["Temperature"] == "0.9"
        assert "The Boys of Malin" in (embed.description or "")
        assert embed.image.url
        assert files(message)[-3:] == ["mp3", "mid", "abc"]
        assert labels(message) == ["0", "0", "Again", "Vary", "ABC", "Delete"]
        assert custom_ids(message)[0] == "tune:1:up"
