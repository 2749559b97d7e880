"""Names and descriptions of the commands in each language, as they are sent to Discord."""

import re
from collections.abc import Iterator
from typing import Any

import discord
import pytest
from discord import app_commands

from bot.discord import commands
from bot.discord.languages.translator import TABLES, Translator

NAME = re.compile(r"[-_'\w]{1,32}")  # Discord's rule; \w stands for its letters and digits
MENU_ENTRY = discord.AppCommandType.message.value  # its name may have spaces and capitals


async def payloads() -> list[dict[str, Any]]:
    client = discord.AutoShardedClient(intents=discord.Intents.none())
    tree: app_commands.CommandTree[Any] = app_commands.CommandTree(client)
    for add in commands.ADDS:
        add(tree, None)  # type: ignore[arg-type]
    return [await command.get_translated_payload(tree, Translator()) for command in tree.get_commands()]


def named(payload: Any) -> Iterator[dict[str, Any]]:
    """Commands, groups, options and choices."""
    yield payload
    for child in (*payload.get("options", ()), *payload.get("choices", ())):
        yield from named(child)


async def test_every_command_is_registered() -> None:
    found = await payloads()
    assert {payload["name"] for payload in found} == {
        *(
            "compose",
            "tune",
            "top",
            "mine",
            "tunebook",
            "settings",
            "help",
            "model",
            "mydata",
            "report",
            "moderate",
            "Report this tune",
        )
    }
    subcommands = next(payload["options"] for payload in found if payload["name"] == "model")
    assert {option["name"] for option in subcommands} == {"status", "versions", "retrain", "cancel", "rollback"}
    subcommands = next(payload["options"] for payload in found if payload["name"] == "settings")
    assert {option["name"] for option in subcommands} == {
        *("show", "history", "reset", "defaults", "limits", "channels", "admins", "log")
    }


@pytest.mark.parametrize("locale", TABLES)
async def test_everything_is_translated(locale: discord.Locale) -> None:
    missing = [
        item[field]
        for payload in await payloads()
        for item in named(payload)
        for field in ("name", "description")
        if item.get(field) and locale.value not in (item.get(f"{field}_localizations") or {})
    ]
    assert missing == []


async def test_translations_keep_discords_rules() -> None:
    for payload in await payloads():
        for item in named(payload):
            is_free = "value" in item or item.get("type") == MENU_ENTRY
            for name in [item["name"], *(item.get("name_localizations") or {}).values()]:
                assert 1 <= len(name) <= 100
                assert is_free or (NAME.fullmatch(name) and name == name.lower()), name
            for text in (item.get("description_localizations") or {}).values():
                assert 1 <= len(text) <= 100


@pytest.mark.parametrize("locale", TABLES)
async def test_no_two_of_a_kind_have_the_same_name(locale: discord.Locale) -> None:
    def names(items: list[dict[str, Any]]) -> list[str]:
        return [item["name_localizations"][locale.value] for item in items]

    found = await payloads()
    groups = [found, *(item["options"] for payload in found for item in named(payload) if item.get("options"))]
    assert all(len(set(names(group))) == len(group) for group in groups)


@pytest.mark.parametrize("locale", TABLES)
async def test_no_table_has_texts_that_the_code_no_longer_has(locale: discord.Locale) -> None:
    items = [item for payload in await payloads() for item in named(payload)]
    texts = {item[field] for item in items for field in ("name", "description") if item.get(field)}
    assert set(TABLES[locale]) - texts == set()


async def test_other_locales_keep_the_english_text() -> None:
    translations = [await Translator().translate(app_commands.locale_str("compose"), locale, None) for locale in (  # type: ignore[arg-type]
        discord.Locale.american_english, discord.Locale.british_english, discord.Locale.japanese
    )]  # fmt: skip
    assert translations == [None, None, None]


@pytest.mark.parametrize("group", ["settings", "model"])
async def test_the_commands_for_admins_are_for_servers_and_those_who_manage_them(group: str) -> None:
    found = {payload["name"]: payload for payload in await payloads()}
    manage = str(discord.Permissions(manage_guild=True).value)
    assert str(found[group]["default_member_permissions"]) == manage
    assert found[group]["contexts"] == [0]
    assert found[group]["integration_types"] == [0]
    assert found["compose"]["default_member_permissions"] is None
