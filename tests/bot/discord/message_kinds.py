"""Every kind of message, brought about as members do it, for previews.py to take pictures of."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import discord

from bot.core.values import Place
from bot.discord.delivery import prompt_message
from tests.bot.discord.simulated_server import Stage, custom_ids
from tests.bot.retraining.retrainers import use_first_version, vote

Save = Callable[..., Awaitable[None]]  # a file's name, what to show, to whom, and in which channel
Scene = Callable[[Stage, Save], Awaitable[None]]


async def answers(on: Stage, save: Save) -> None:
    """A member's way: waiting, a tune, several, one chosen of them, variations, and what is deleted."""
    on.bot.renderer.go.clear()
    waiting = [await on.ann.slash(on.channel, "compose", key="Edor", rhythm="reel") for _ in range(3)]
    await on.until(lambda: on.bot.renderer.rendered)
    await asyncio.sleep(3)
    for name, result in zip(("in-work", "next", "second"), waiting, strict=True):
        await save(name, result)
    on.bot.renderer.go.set()
    for result in waiting:
        await on.until(lambda result=result: on.shown(result.response.id))  # type: ignore[misc]
    await save("tune", on.shown(waiting[0].response.id))
    several = await on.composed(key="D", rhythm="jig", count=4, form="AB:4")
    await save("four", several)
    await on.ann.select(several, [str(await tune_of(on, 4, 2))])
    await save("four-chosen", on.shown(several.id))
    two = await on.composed(key="Amix", count=2)
    await save("two", two)
    await save("two-others-choice", await on.ben.select(two, [str(await tune_of(on, 5, 1))]), on.ben)
    again = await on.ben.click(waiting[0].response, custom_id="tune:1:vary")
    await on.until(lambda: on.shown(again.response.id))
    await save("variation", on.shown(again.response.id))
    await save("abc", await on.ben.click(waiting[0].response, custom_id="tune:1:abc"), on.ben)
    await on.ann.click(waiting[1].response, custom_id="tune:2:delete")
    await save("deleted", on.message(waiting[1].response.id))
    await on.bot.store.tunes.delete(3)
    await save("button-of-a-deleted-tune", await on.ben.click(waiting[2].response, custom_id="tune:3:up"), on.ben)


async def lists(on: Stage, save: Save) -> None:
    for name in ("top", "mine", "tunebook"):
        told = await on.ben.slash(on.channel, name)
        await save(f"{name}-empty", told.followups[-1] if told.followups else told, on.ben)
    for rhythm, members in (("reel", (on.ann, on.ben)), ("jig", (on.ann,)), ("waltz", (on.ann, on.ben))):
        message = await on.composed(key="G", rhythm=rhythm, form="AB:4")
        for member in members:
            await member.click(message, custom_id=custom_ids(message)[0])
    for _ in range(2):
        await on.composed(key="D", count=4, form="AB:4")
    await save("top", await on.ann.slash(on.channel, "top"))
    await save("mine", await on.ann.slash(on.channel, "mine"))
    await save("tunebook", await on.ann.slash(on.channel, "tunebook"))
    await save("tune-again", await on.ann.slash(on.channel, "tune", id=1))
    await save("help", await on.ann.slash(on.channel, "help"))


async def admins(on: Stage, save: Save) -> None:
    role = on.guild.create_role("managers", permissions=discord.Permissions(manage_guild=True))
    boss = on.guild.add_member(on.env.create_user("boss"), roles=[role])
    log = on.guild.create_text_channel("log")
    asked: dict[str, dict[str, Any]] = {
        "show": {},
        "log": {"channel": log},
        "defaults": {"rhythm": "jig", "temperature": 0.8},
        "admins": {"role": role},
        "limits": {"cooldown": 2, "server_cooldown": 1, "waiting": 1},
        "channels": {"channel": on.channel},
        "reset": {"what": "Channels: answer everywhere"},
        "history": {},
    }
    for name, options in asked.items():
        await save(f"settings-{name}", await boss.slash(on.channel, f"settings {name}", **options), boss)
    await save("settings-chosen", await boss.slash(on.channel, "settings show"), boss)


async def errors(on: Stage, save: Save) -> None:
    await save("error-key", await on.ann.slash(on.channel, "compose", key="H"))
    await save("error-form", await on.ann.slash(on.channel, "compose", key="D", form="ABBA"))
    refused = await on.ann.slash(on.channel, "compose", key="D", rhythm="reel", opening="DEFG ABcd|D9 D9|")
    await on.until(lambda: refused.followups)
    await save("error-opening", refused.followups[-1])
    await save("error-tune", (await on.ann.slash(on.channel, "tune", id=999)).followups[-1])
    await save("error-rhythm", await on.ann.slash(on.channel, "top", rhythm="tango"))
    lacking = discord.PermissionOverwrite(attach_files=False, embed_links=False)
    strict = on.guild.create_text_channel("strict", overwrites={on.guild.default_role: lacking})
    await save("error-permissions", await on.ann.slash(strict, "compose", key="D"), on.ann, strict)
    tune = await on.composed()
    with patch.object(on.parts.library, "press", side_effect=ZeroDivisionError):
        await save("error-unexpected", await on.ben.click(tune, custom_id="tune:1:up"), on.ben)
    await on.bot.settings.change(Place("discord", str(on.guild.id), "0"), channels=(str(strict.id),))
    await save("error-channel", await on.ann.slash(on.channel, "compose", key="D"))


async def tune_of(on: Stage, prompt_id: int, ordinal: int) -> int:
    return (await on.bot.store.tunes.of_prompts([prompt_id]))[ordinal].id


async def waits(on: Stage, save: Save) -> None:
    on.bot.renderer.go.clear()
    await on.ann.slash(on.channel, "compose", key="D")
    await on.until(lambda: on.bot.renderer.rendered)
    waiting = await on.ann.slash(on.channel, "compose", key="Gm", rhythm="air", count=3)
    on.bot.composer.queue.per_member = 1
    await save("busy", (await on.ann.slash(on.channel, "compose", key="D")).followups[-1])
    on.bot.composer.limits.member_cooldown = 60.0
    await on.ben.slash(on.channel, "compose", key="D", rhythm="polka")
    await save("cooldown", (await on.ben.slash(on.channel, "compose", key="D")).followups[-1], on.ben)
    with patch.object(on.bot.worker, "outage", "no composer is there; it begins as soon as one is"):
        await asyncio.sleep(4)
        await save("outage", waiting)
    on.bot.renderer.go.set()
    with patch.object(prompt_message, "RUNS_OUT", timedelta(0)):
        await on.until(lambda: not on.client.delivery._open)
    await save("late", on.last)
    on.bot.renderer.go.clear()
    on.bot.composer.limits = type(on.bot.composer.limits)()
    last = [await on.ben.slash(on.channel, "compose", key="D", rhythm="waltz") for _ in range(2)]
    await on.until(lambda: "next" in on.message(last[1].response.id).content)  # type: ignore[union-attr]
    await on.client.delivery.stop()
    await save("goodbye", last[1])
    on.bot.renderer.go.set()


async def boss_of(on: Stage) -> Any:
    role = on.guild.create_role("managers", permissions=discord.Permissions(manage_guild=True))
    await use_first_version(on.bot.store, on.parts.config.data_dir)
    await vote(on.bot.store)
    return on.guild.add_member(on.env.create_user("boss"), roles=[role])


async def said(on: Stage, message_id: int, words: str) -> discord.Message:
    def found() -> discord.Message | None:
        message = on.message(message_id)
        return message if message and message.embeds and words in (message.embeds[0].description or "") else None

    message: discord.Message = await on.until(found)
    return message


async def model(on: Stage, save: Save) -> None:
    boss = await boss_of(on)
    asked = await boss.slash(on.channel, "model retrain")
    await save("model-promoted", await said(on, asked.response.id, "composes from"))
    await save("model-status", await boss.slash(on.channel, "model status"), boss)
    await save("model-versions", await boss.slash(on.channel, "model versions"), boss)
    await save("model-rollback", await boss.slash(on.channel, "model rollback", version=1), boss)


async def model_under_way(on: Stage, save: Save) -> None:
    boss = await boss_of(on)
    few = await boss.slash(on.channel, "model retrain", minimum_votes=100)
    await save("model-too-few-votes", few.followups[-1], boss)
    asked = await boss.slash(on.channel, "model retrain", dry_run=True)
    await said(on, asked.response.id, "75%")
    await asyncio.sleep(4)
    await save("model-under-way", on.message(asked.response.id))
    await save("model-status-under-way", await boss.slash(on.channel, "model status"), boss)
    await save("model-cancel", await boss.slash(on.channel, "model cancel"), boss)
    await save("model-cancelled", await said(on, asked.response.id, "Cancelled"))


async def model_refused(on: Stage, save: Save) -> None:
    boss = await boss_of(on)
    asked = await boss.slash(on.channel, "model retrain")
    await save("model-refused", await said(on, asked.response.id, "missed by"))


# each with what its stand-in trainer is told
SCENES: dict[Scene, tuple[str, ...]] = {
    **dict.fromkeys((answers, lists, admins, errors, waits, model), ()),
    model_under_way: ("--do", "hang"),
    model_refused: ("--do", "refuse"),
}
