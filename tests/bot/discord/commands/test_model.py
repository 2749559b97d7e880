"""/model: what admins see and do, and what others are refused."""

from pathlib import Path
from typing import Any

import discord
import pytest

from bot.core.retraining import RetrainingStatus
from bot.core.values import Place
from bot.discord import permissions
from tests.bot.discord.simulated_server import SimulatedServer, all_text, files, simulated_server
from tests.bot.retraining.retrainers import VOTES, use_first_version, vote


def place(server: SimulatedServer) -> Place:
    return Place("discord", str(server.guild.id), "0")


async def started(server: SimulatedServer, **options: Any) -> tuple[Any, discord.Message]:
    """An admin who asked for a retraining, and its message."""
    admin = server.member("boss", manage_guild=True)
    result = await admin.slash(server.channel, "model retrain", **options)
    message = server.message(result.response.id)
    assert message, all_text(result)
    return admin, message


async def embed_with(server: SimulatedServer, message: discord.Message, text: str) -> discord.Embed:
    """The embed of a message, once its description has this text."""
    found: discord.Message = await server.until(lambda: server.with_text(message.id, text))
    return found.embeds[0]


def fields(embed: discord.Embed) -> dict[str | None, str | None]:
    return {field.name: field.value for field in embed.fields}


async def test_an_admin_retrains_and_the_message_follows_to_the_end(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        await use_first_version(server.bot.store, tmp_path)
        await vote(server.bot.store)
        log = server.guild.create_text_channel("log")
        admin, message = await started(server)
        embed = await embed_with(server, message, "version 2 composes from the next prompt on")
        assert (embed.title, embed.footer.text) == ("Retraining 1", "Asked for by boss")
        assert fields(embed)["From"] == "version 1"
        assert fields(embed)["Learns from"] == f"{VOTES} votes on 3 tunes"
        assert "✅ 2.01 bits per note, at most 2.05" in str(fields(embed)["Tests"])
        last = server.message(message.id)
        assert last
        assert (files(last), embed.image.url) == (["png"], "attachment://loss.png")
        await server.until(lambda: server.client.delivery.idle)
        assert await server.context.retrainer.undelivered("discord") == []
        assert await server.bot.store.versions.current() == 2
        await admin.slash(server.channel, "settings log", channel=log)
        await admin.slash(server.channel, "model rollback", version=1)
        assert f"<@{admin.id}> rollback: to version 1" in log.last_message.content
        records = await server.bot.settings.records(place(server))
        assert [(record.member_name, record.action) for record in records] == [
            ("boss", "rollback"),
            ("boss", "settings"),
            ("boss", "retrain"),
        ]


async def test_a_rollback_takes_effect_on_the_next_prompt(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        await use_first_version(server.bot.store, tmp_path)
        await vote(server.bot.store)
        admin, message = await started(server)
        await embed_with(server, message, "version 2 composes")
        composed = [await server.composed()]
        result = await admin.slash(server.channel, "model rollback", version=1)
        assert (result.ephemeral, all_text(result)) == (True, "Version 1 composes from the next tune on.")
        composed.append(await server.composed())
        footers = [str(message.embeds[0].footer.text) for message in composed]
        assert ["model v2" in footers[0], "model v1" in footers[1]] == [True, True], footers
        same = await admin.slash(server.channel, "model rollback", version=1)
        assert "in use already" in all_text(same)
        unknown = await admin.slash(server.channel, "model rollback", version=77)
        assert "no version 77: there are 1, 2" in all_text(unknown)


async def test_status_and_versions_are_shown_to_the_admin_alone(tmp_path: Path) -> None:
    async with simulated_server(tmp_path, trainer=("--do", "refuse")) as server:
        await use_first_version(server.bot.store, tmp_path)
        await vote(server.bot.store)
        admin, message = await started(server)
        await embed_with(server, message, "missed by 0.15")
        status = await admin.slash(server.channel, "model status")
        assert status.ephemeral
        assert "version 1 (shipped" in all_text(status)
        assert f"{VOTES} votes; a retraining needs {VOTES}" in all_text(status)
        assert "refused, so nothing has changed: diversity 0.80" in all_text(status)
        worker = "gpu (NVIDIA H100): 30 of 32 slots free, holds version 1, trains, heard of 1 s ago"
        assert fields(status.response.embeds[0])["Workers"] == worker
        versions = await admin.slash(server.channel, "model versions")
        assert versions.ephemeral
        line = (versions.response.embeds[0].description or "").strip()
        assert line.startswith("**v1** · **in use** · <t:")
        assert line.endswith(f"100% of {VOTES} votes up")


async def test_versions_are_suggested_by_number(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        await use_first_version(server.bot.store, tmp_path)
        await vote(server.bot.store)
        admin, message = await started(server)
        await embed_with(server, message, "version 2 composes")
        (choice,) = await admin.autocomplete(server.channel, "model rollback", "version", "")
        assert choice["value"] == 1
        assert "100% of 6 votes up" in choice["name"]
        assert await admin.autocomplete(server.channel, "model rollback", "version", "7") == []


async def test_too_few_votes_are_reported_to_the_admin_alone_and_leave_no_message(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        admin = server.member("boss", manage_guild=True)
        line = (await admin.slash(server.channel, "model retrain")).followups[-1]
        assert line.ephemeral
        assert line.content.startswith("There are 0 votes to learn from, and a retraining needs at least 6")
        assert server.channel.history() == []
        assert await server.bot.store.retrainings.latest() == []


async def test_a_second_retraining_is_refused_and_the_first_can_be_cancelled(tmp_path: Path) -> None:
    async with simulated_server(tmp_path, trainer=("--do", "hang")) as server:
        await vote(server.bot.store)
        admin, message = await started(server, dry_run=True)
        embed = await embed_with(server, message, "Learning, 75%")
        assert embed.title == "Retraining 1, a dry run"
        refused = await admin.slash(server.channel, "model retrain")
        assert "Retraining 1 is under way" in refused.followups[-1].content
        cancelled = await admin.slash(server.channel, "model cancel")
        assert "Retraining 1 is cancelled" in all_text(cancelled)
        await embed_with(server, message, "Cancelled, so nothing has changed")
        assert "No retraining is under way" in all_text(await admin.slash(server.channel, "model cancel"))


async def test_a_forged_interaction_of_another_member_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(permissions, "ADMIN_COMMANDS", None)  # so that the simulation shows the commands to all
    async with simulated_server(tmp_path, trainer=("--do", "hang")) as server:
        await use_first_version(server.bot.store, tmp_path)
        await vote(server.bot.store)
        await server.bot.store.versions.add("/2", "2" * 64, "trad", 2)
        forged: dict[str, dict[str, Any]] = {
            "status": {},
            "versions": {},
            "retrain": {"minimum_votes": 1},
            "cancel": {},
            "rollback": {"version": 2},
        }
        await started(server)
        for name, options in forged.items():
            refused = await server.ben.slash(server.channel, f"model {name}", **options)
            assert "Only those who manage this server" in all_text(refused), name
        assert await server.ben.autocomplete(server.channel, "model rollback", "version", "") == []
        status = (await server.context.retrainer.retraining(1)).status
        assert status in (RetrainingStatus.QUEUED, RetrainingStatus.RUNNING)
        assert await server.bot.store.versions.current() == 1


async def test_admins_of_servers_that_the_configuration_does_not_name_are_refused(tmp_path: Path) -> None:
    async with simulated_server(tmp_path, config={"retraining": {"servers": ["1"]}}) as server:
        await vote(server.bot.store)
        admin = server.member("boss", manage_guild=True)
        refused = await admin.slash(server.channel, "model retrain")
        assert "looked after on another server" in all_text(refused)
        assert await server.bot.store.retrainings.latest() == []


async def test_on_several_servers_the_configuration_has_to_name_some(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        await vote(server.bot.store)
        server.env.create_guild()  # a stranger's, who manages it
        await server.env.settle()
        admin = server.member("boss", manage_guild=True)
        refused = await admin.slash(server.channel, "model rollback", version=1)
        assert "I am on several servers" in all_text(refused)
        refused = await admin.slash(server.channel, "model retrain")
        assert "[retraining] servers" in all_text(refused)
        assert await server.bot.store.retrainings.latest() == []
    named = {"retraining": {"servers": [str(server.guild.id)]}}
    async with simulated_server(tmp_path / "named", config=named) as server:
        server.env.create_guild()
        await server.env.settle()
        refused = await server.member("boss", manage_guild=True).slash(server.channel, "model retrain")
        assert "servers" not in all_text(refused), "admins of a server that is named may, on however many it is"
