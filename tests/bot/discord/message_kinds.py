"""Every kind of message that the bot sends, produced as members do it, for previews.py and the golden outputs."""

import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

import discord

from bot.core.values import Place
from bot.discord.delivery.timing import DeliveryTiming
from tests.bot.discord.simulated_server import TIMING, SimulatedServer, custom_ids
from tests.bot.retraining.retrainers import use_first_version, vote
from tests.bot.workers.local.stand_in import STAND_IN

REAL_WORKER = (sys.executable, "-m", "model", "worker")

Save = Callable[..., Awaitable[None]]  # a file's name, the message, who sees it, and in which channel


@dataclass(frozen=True)
class MessageKind:
    """`produce` has members and admins cause messages, and saves them."""

    produce: Callable[[SimulatedServer, Save], Awaitable[None]]
    trainer: tuple[str, ...] = ()  # options of the stand-in trainer
    timing: DeliveryTiming = TIMING
    worker: tuple[str, ...] = REAL_WORKER


async def answers(server: SimulatedServer, save: Save) -> None:
    """A member waits, gets a tune, several, chooses one, varies one, and deletes one."""
    server.bot.renderer.go.clear()
    waiting = [await server.ann.slash(server.channel, "compose", key="Edor", rhythm="reel") for _ in range(3)]
    lines = {"in-work": "engraving", "next": "next in the queue", "second": "2nd in the queue"}
    for (name, line), result in zip(lines.items(), waiting, strict=True):
        await server.until(lambda result=result, line=line: server.with_text(result.response.id, line))  # type: ignore[misc]
        await save(name, result)
    server.bot.renderer.go.set()
    first, second, third = [await server.answered(result) for result in waiting]
    await save("tune", first)
    several = await server.composed(key="D", rhythm="jig", count=4, form="AB:4")
    await save("four", several)
    await server.ann.select(several, [str(await tune_id(server, 4, 2))])
    await save("four-chosen", server.message(several.id))
    two = await server.composed(key="Amix", count=2)
    await save("two", two)
    await save("two-others-choice", await server.ben.select(two, [str(await tune_id(server, 5, 1))]), server.ben)
    varied = await server.ben.click(first, custom_id="tune:1:vary")
    await save("variation", await server.answered(varied))
    await save("abc", await server.ben.click(first, custom_id="tune:1:abc"), server.ben)
    await server.ann.click(second, custom_id="tune:2:delete")
    await save("deleted", server.message(second.id))
    await server.bot.composer.library.delete(3, Place("discord", str(server.guild.id), str(server.ann.id)))
    await save("button-of-a-deleted-tune", await server.ben.click(third, custom_id="tune:3:up"), server.ben)


async def tune_id(server: SimulatedServer, prompt_id: int, ordinal: int) -> int:
    return (await server.context.store.tunes.of_prompts([prompt_id]))[ordinal].id


async def lists(server: SimulatedServer, save: Save) -> None:
    """Leaderboard, own tunes and tunebook, empty and full; /tune and /help."""
    for name in ("top", "mine", "tunebook"):
        result = await server.ben.slash(server.channel, name)
        await save(f"{name}-empty", result.followups[-1] if result.followups else result, server.ben)
    both = (server.ann, server.ben)
    for rhythm, members in (("reel", both), ("jig", (server.ann,)), ("waltz", both)):
        message = await server.composed(key="G", rhythm=rhythm, form="AB:4")
        for member in members:
            await member.click(message, custom_id=custom_ids(message)[0])
    for _ in range(2):
        await server.composed(key="D", count=4, form="AB:4")
    await save("top", await server.ann.slash(server.channel, "top"))
    await save("mine", await server.ann.slash(server.channel, "mine"))
    await save("tunebook", await server.ann.slash(server.channel, "tunebook"))
    await save("tune-again", await server.ann.slash(server.channel, "tune", id=1))
    await save("help", await server.ann.slash(server.channel, "help"))


async def admins(server: SimulatedServer, save: Save) -> None:
    """Every command of /settings."""
    role = server.guild.create_role("managers", permissions=discord.Permissions(manage_guild=True))
    admin = server.guild.add_member(server.env.create_user("boss"), roles=[role])
    log = server.guild.create_text_channel("log")
    commands: dict[str, dict[str, Any]] = {
        "show": {},
        "log": {"channel": log},
        "defaults": {"rhythm": "jig", "temperature": 0.8},
        "admins": {"role": role},
        "limits": {"cooldown": 2, "server_cooldown": 1, "waiting": 1},
        "channels": {"channel": server.channel},
        "reset": {"what": "Channels: answer everywhere"},
        "history": {},
    }
    for name, options in commands.items():
        await save(f"settings-{name}", await admin.slash(server.channel, f"settings {name}", **options), admin)
    await save("settings-chosen", await admin.slash(server.channel, "settings show"), admin)


async def errors(server: SimulatedServer, save: Save) -> None:
    """Wrong options, missing tunes and permissions, an unexpected error, and a channel that is not allowed."""
    await save("error-key", await server.ann.slash(server.channel, "compose", key="H"))
    await save("error-form", await server.ann.slash(server.channel, "compose", key="D", form="ABBA"))
    refused = await server.ann.slash(server.channel, "compose", key="D", rhythm="reel", opening="DEFG ABcd|D9 D9|")
    await server.until(lambda: refused.followups)
    await save("error-opening", refused.followups[-1])
    await save("error-tune", (await server.ann.slash(server.channel, "tune", id=999)).followups[-1])
    await save("error-rhythm", await server.ann.slash(server.channel, "top", rhythm="tango"))
    lacking = discord.PermissionOverwrite(attach_files=False, embed_links=False)
    strict = server.guild.create_text_channel("strict", overwrites={server.guild.default_role: lacking})
    await save("error-permissions", await server.ann.slash(strict, "compose", key="D"), server.ann, strict)
    tune = await server.composed()
    with patch.object(server.context.library, "toggle_vote", side_effect=ZeroDivisionError):
        await save("error-unexpected", await server.ben.click(tune, custom_id="tune:1:up"), server.ben)
    await server.bot.settings.change(Place("discord", str(server.guild.id), "0"), channels=(str(strict.id),))
    await save("error-channel", await server.ann.slash(server.channel, "compose", key="D"))


async def waits(server: SimulatedServer, save: Save) -> None:
    """A full queue, a cooldown, an outage, a tune after the interaction expired, and a restart of the bot."""
    server.bot.renderer.go.clear()
    await server.ann.slash(server.channel, "compose", key="D")
    await server.until(lambda: server.bot.renderer.rendered)
    waiting = await server.ann.slash(server.channel, "compose", key="Gm", rhythm="air", count=3)
    server.bot.composer.queue.per_member = 1
    await save("busy", (await server.ann.slash(server.channel, "compose", key="D")).followups[-1])
    server.bot.composer.limits.member_cooldown = 60.0
    await server.ben.slash(server.channel, "compose", key="D", rhythm="polka")
    await save("cooldown", (await server.ben.slash(server.channel, "compose", key="D")).followups[-1], server.ben)
    outage = "no composer is there; it begins as soon as one is"
    with patch.object(server.bot.worker, "outage", outage):
        await server.until(lambda: server.with_text(waiting.response.id, outage))
        await save("outage", waiting)
    server.bot.renderer.go.set()
    await server.until(lambda: server.client.delivery.idle)
    await save("late", server.last)
    server.bot.renderer.go.clear()
    server.bot.composer.limits = type(server.bot.composer.limits)()
    last = [await server.ben.slash(server.channel, "compose", key="D", rhythm="waltz") for _ in range(2)]
    await server.until(lambda: server.with_text(last[1].response.id, "next"))
    await server.client.delivery.stop()
    await save("goodbye", last[1])
    server.bot.renderer.go.set()


async def admin_with_votes(server: SimulatedServer) -> Any:
    """An admin of a server whose members have voted."""
    await use_first_version(server.bot.store, server.context.config.data_dir)
    await vote(server.bot.store)
    return server.member("boss", manage_guild=True)


async def model(server: SimulatedServer, save: Save) -> None:
    """A retraining that is promoted, status and versions, and a rollback."""
    admin = await admin_with_votes(server)
    result = await admin.slash(server.channel, "model retrain")
    await save("model-promoted", await server.until(lambda: server.with_text(result.response.id, "composes from")))
    await save("model-status", await admin.slash(server.channel, "model status"), admin)
    await save("model-versions", await admin.slash(server.channel, "model versions"), admin)
    await save("model-rollback", await admin.slash(server.channel, "model rollback", version=1), admin)


async def model_under_way(server: SimulatedServer, save: Save) -> None:
    """Too few votes; a retraining while it runs, and cancelled."""
    admin = await admin_with_votes(server)
    few = await admin.slash(server.channel, "model retrain", minimum_votes=100)
    await save("model-too-few-votes", few.followups[-1], admin)
    result = await admin.slash(server.channel, "model retrain", dry_run=True)
    message = await server.until(lambda: server.with_text(result.response.id, "75%"))
    await save("model-under-way", message)
    await save("model-status-under-way", await admin.slash(server.channel, "model status"), admin)
    await save("model-cancel", await admin.slash(server.channel, "model cancel"), admin)
    cancelled = await server.until(lambda: server.with_text(result.response.id, "Cancelled"))
    await save("model-cancelled", cancelled)


async def model_refused(server: SimulatedServer, save: Save) -> None:
    """A retraining whose candidate failed a test."""
    admin = await admin_with_votes(server)
    result = await admin.slash(server.channel, "model retrain")
    await save("model-refused", await server.until(lambda: server.with_text(result.response.id, "missed by")))


MESSAGE_KINDS = {
    "answers": MessageKind(answers),
    "lists": MessageKind(lists),
    "admins": MessageKind(admins, worker=STAND_IN),
    "errors": MessageKind(errors),
    "waits": MessageKind(waits, timing=replace(TIMING, interaction_lifetime=0.0)),
    "model": MessageKind(model, worker=STAND_IN),
    "model_under_way": MessageKind(model_under_way, trainer=("--do", "hang"), worker=STAND_IN),
    "model_refused": MessageKind(model_refused, trainer=("--do", "refuse"), worker=STAND_IN),
}
