"""/model: what admins see and do, what others are refused, and the message that follows a retraining to its end."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import discord
import pytest

from bot.core.retraining import RetrainingStatus
from bot.core.values import Place
from bot.discord import permissions as limits
from bot.discord.delivery import retraining_message
from tests.bot.discord.commands.test_settings import manager, text
from tests.bot.discord.simulated_server import Stage, files, retrainer, stage
from tests.bot.retraining.retrainers import VOTES, use_first_version, vote


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retraining_message, "EVERY", 0.05)


def place(on: Stage) -> Place:
    return Place("discord", str(on.guild.id), "0")


async def begun(on: Stage, **options: Any) -> tuple[Any, discord.Message]:
    """A retraining that an admin asked for, and its message."""
    boss = manager(on)
    result = await boss.slash(on.channel, "model retrain", **options)
    message = on.message(result.response.id)
    assert message, text(result)
    return boss, message


async def shown(on: Stage, message: discord.Message, words: str) -> discord.Embed:
    """The message's embed, once it says these words."""

    def found() -> discord.Embed | None:
        now = on.message(message.id)
        embed = now.embeds[0] if now and now.embeds else None
        return embed if embed and words in (embed.description or "") else None

    embed: discord.Embed = await on.until(found)
    return embed


def fields(embed: discord.Embed) -> dict[str | None, str | None]:
    return {field.name: field.value for field in embed.fields}


async def learned(on: Stage, number: int) -> RetrainingStatus:
    return (await on.parts.retrainer.retraining(number)).status


async def test_an_admin_retrains_and_the_message_follows_to_the_end(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await use_first_version(on.bot.store, tmp_path)
        await vote(on.bot.store)
        log = on.guild.create_text_channel("log")
        boss, message = await begun(on)
        embed = await shown(on, message, "version 2 composes from the next prompt on")
        assert (embed.title, embed.footer.text) == ("Retraining 1", "Asked for by boss")
        assert fields(embed)["From"] == "version 1"
        assert fields(embed)["Learns from"] == f"{VOTES} votes on 3 tunes"
        assert "✅ 2.01 bits per note, at most 2.05" in str(fields(embed)["Tests"])
        last = on.message(message.id)
        assert last
        assert (files(last), embed.image.url) == (["png"], "attachment://loss.png")
        await on.until(lambda: not on.client.delivery._live._open)
        assert await on.parts.retrainer.undelivered("discord") == []
        assert await on.bot.store.versions.current() == 2
        await boss.slash(on.channel, "settings log", channel=log)
        await boss.slash(on.channel, "model rollback", version=1)
        assert f"<@{boss.id}> rollback: to version 1" in log.last_message.content
        records = await on.bot.settings.records(place(on))
        assert [(record.member_name, record.action) for record in records] == [
            ("boss", "rollback"),
            ("boss", "settings"),
            ("boss", "retrain"),
        ]


async def test_a_rollback_takes_effect_on_the_next_prompt(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await use_first_version(on.bot.store, tmp_path)
        await vote(on.bot.store)
        boss, message = await begun(on)
        await shown(on, message, "version 2 composes")
        composed = [await on.composed()]
        told = await boss.slash(on.channel, "model rollback", version=1)
        assert (told.ephemeral, text(told)) == (True, "Version 1 composes from the next tune on.")
        composed.append(await on.composed())
        footers = [str(message.embeds[0].footer.text) for message in composed]
        assert ["model v2" in footers[0], "model v1" in footers[1]] == [True, True], footers
        again = await boss.slash(on.channel, "model rollback", version=1)
        assert "in use already" in text(again)
        unknown = await boss.slash(on.channel, "model rollback", version=77)
        assert "no version 77: there are 1, 2" in text(unknown)


async def test_status_and_versions_are_for_the_admin_alone(tmp_path: Path) -> None:
    async with stage(tmp_path, trainer=("--do", "refuse")) as on:
        await use_first_version(on.bot.store, tmp_path)
        await vote(on.bot.store)
        boss, message = await begun(on)
        await shown(on, message, "missed by 0.15")
        status = await boss.slash(on.channel, "model status")
        assert status.ephemeral
        assert "version 1 (shipped" in text(status)
        assert f"{VOTES} votes; a retraining needs {VOTES}" in text(status)
        assert "refused, so nothing has changed: diversity 0.80" in text(status)
        told = "gpu (NVIDIA H100): 30 of 32 slots free, holds version 1, trains, heard of 1 s ago"
        assert fields(status.response.embeds[0])["Workers"] == told
        versions = await boss.slash(on.channel, "model versions")
        assert versions.ephemeral
        line = (versions.response.embeds[0].description or "").strip()
        assert line.startswith("**v1** · **in use** · <t:")
        assert line.endswith(f"100% of {VOTES} votes up")


async def test_versions_are_suggested_to_admins_alone(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await use_first_version(on.bot.store, tmp_path)
        await vote(on.bot.store)
        boss, message = await begun(on)
        await shown(on, message, "version 2 composes")
        (offered,) = await boss.autocomplete(on.channel, "model rollback", "version", "")
        assert offered["value"] == 1
        assert "100% of 6 votes up" in offered["name"]
        assert await boss.autocomplete(on.channel, "model rollback", "version", "7") == []


async def test_too_few_votes_are_told_to_the_admin_alone_and_leave_no_message(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        result = await manager(on).slash(on.channel, "model retrain")
        told = result.followups[-1]
        assert told.ephemeral
        assert told.content.startswith("There are 0 votes to learn from, and a retraining needs at least 6")
        assert on.channel.history() == []
        assert await on.parts.retrainer.store.retrainings.latest() == []


async def test_a_second_retraining_is_refused_and_one_can_be_cancelled(tmp_path: Path) -> None:
    async with stage(tmp_path, trainer=("--do", "hang")) as on:
        await vote(on.bot.store)
        boss, message = await begun(on, dry_run=True)
        embed = await shown(on, message, "Learning, 75%")
        assert embed.title == "Retraining 1, a dry run"
        refused = await boss.slash(on.channel, "model retrain")
        assert "Retraining 1 is under way" in refused.followups[-1].content
        told = await boss.slash(on.channel, "model cancel")
        assert "Retraining 1 is cancelled" in text(told)
        await shown(on, message, "Cancelled, so nothing has changed")
        assert "No retraining is under way" in text(await boss.slash(on.channel, "model cancel"))


async def test_a_forged_interaction_of_another_member_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SHOWN_TO", None)  # as if Discord showed it to all
    async with stage(tmp_path, trainer=("--do", "hang")) as on:
        await use_first_version(on.bot.store, tmp_path)
        await vote(on.bot.store)
        await on.bot.store.versions.add("/2", "2" * 64, "trad", 2)
        forged: dict[str, dict[str, Any]] = {
            "status": {},
            "versions": {},
            "retrain": {"minimum_votes": 1},
            "cancel": {},
            "rollback": {"version": 2},
        }
        await begun(on)
        for name, options in forged.items():
            refused = await on.ben.slash(on.channel, f"model {name}", **options)
            assert "Only those who manage this server" in text(refused), name
        assert await learned(on, 1) in (RetrainingStatus.QUEUED, RetrainingStatus.RUNNING)
        assert await on.bot.store.versions.current() == 1
        assert await on.ben.autocomplete(on.channel, "model rollback", "version", "") == []


async def test_only_admins_of_servers_that_are_named_may(tmp_path: Path) -> None:
    async with stage(tmp_path, config={"retraining": {"servers": ["1"]}}) as on:
        await vote(on.bot.store)
        refused = await manager(on).slash(on.channel, "model retrain")
        assert "looked after on another server" in text(refused)
        assert await on.parts.retrainer.store.retrainings.latest() == []


async def test_on_several_servers_those_that_may_have_to_be_named(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await vote(on.bot.store)
        on.env.create_guild()  # a stranger's, who manages it
        await on.env.settle()
        refused = await manager(on).slash(on.channel, "model rollback", version=1)
        assert "I am on several servers" in text(refused)
        refused = await manager(on).slash(on.channel, "model retrain")
        assert "[retraining] servers" in text(refused)
        assert await on.parts.retrainer.store.retrainings.latest() == []
    async with stage(tmp_path / "named", config={"retraining": {"servers": [str(on.guild.id)]}}) as on:
        on.env.create_guild()
        await on.env.settle()
        refused = await manager(on).slash(on.channel, "model retrain")
        assert "servers" not in text(refused), "those that are named may, on however many it is"


async def test_a_restart_goes_on_in_the_same_message(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    async with stage(tmp_path, trainer=("--do", "hang", "--once", str(mark))) as on:
        await vote(on.bot.store)
        _, message = await begun(on)
        await shown(on, message, "Learning, 75%")
        await on.client.delivery.stop()
        await on.parts.retrainer.__aexit__()
        async with retrainer(on.bot.store, tmp_path, ()) as again:
            on.parts = replace(on.parts, retrainer=again)
            await on.restart()
            await shown(on, message, "version 2 composes from the next prompt on")
            assert len(on.channel.history()) == 1


async def test_an_end_that_came_while_the_bot_was_away_is_shown(tmp_path: Path) -> None:
    async with stage(tmp_path, trainer=("--do", "hang")) as on:
        await vote(on.bot.store)
        _, message = await begun(on)
        await shown(on, message, "Learning, 75%")
        await on.client.delivery.stop()
        now = on.message(message.id)
        assert now
        assert now.content == retraining_message.GOODBYE
        await on.parts.retrainer.cancel(place(on))
        await on.restart()
        await shown(on, message, "Cancelled, so nothing has changed")


async def test_a_message_that_was_deleted_ends_nothing(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    async with stage(tmp_path, trainer=("--do", "hang", "--at", "written", "--once", str(mark))) as on:
        await vote(on.bot.store)
        _, message = await begun(on)
        cleaner = on.guild.create_role("cleaners", permissions=discord.Permissions(manage_messages=True))
        await on.guild.add_member(on.env.create_user("cleaner"), roles=[cleaner]).delete(message)
        await on.until(mark.exists)
        assert await learned(on, 1) is RetrainingStatus.RUNNING
        await on.parts.retrainer.cancel(place(on))
        await on.until(lambda: not on.client.delivery._live._open)
        assert await on.parts.retrainer.undelivered("discord") == []


async def test_a_server_that_left_meanwhile_ends_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await use_first_version(on.bot.store, tmp_path)
        await vote(on.bot.store)
        on.env.inject_error("PATCH", "/channels/*/messages/*", status=403, code=50001, times=None)
        await begun(on)
        async with asyncio.timeout(20):
            while await on.parts.retrainer.undelivered("discord"):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert await learned(on, 1) is RetrainingStatus.PROMOTED
        assert await on.bot.store.versions.current() == 2
