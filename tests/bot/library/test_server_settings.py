"""Settings of servers: validated, read from the database once, and recorded in the audit."""

import asyncio
from typing import Any

import pytest

from bot.core.errors import BadRequest
from bot.core.values import Place, Record, ServerSettings
from bot.library.server_settings import Settings, defaults
from bot.store import Store
from model.errors import InputError

ANN = Place("discord", "1234", "7", "Ann")
ALL: dict[str, Any] = {
    "rhythm": "slip jig",
    "temperature": 0.8,
    "form": "AABB:4",
    "cooldown": 30,
    "server_cooldown": 7,
    "waiting": 5,
    "member_waiting": 2,
    "channels": ("11", "12"),
    "admin_roles": ("21",),
    "log_channel": "31",
}


async def test_what_was_chosen_is_kept_and_the_rest_is_as_elsewhere(store: Store) -> None:
    settings = Settings(store)
    assert await settings.of(ANN) == ServerSettings()
    await settings.change(ANN, rhythm="Slip-Jig", temperature=1)
    assert await settings.of(ANN) == ServerSettings("slip jig", 1.0)
    assert await settings.change(ANN, **ALL) == ServerSettings(**ALL)
    assert await settings.change(ANN, rhythm=None, channels=None) == ServerSettings(
        **{**ALL, "rhythm": None, "channels": ()}
    )
    elsewhere = Place("discord", "99", "7", "Ann")
    assert await settings.of(elsewhere) == ServerSettings()
    assert await Settings(store).of(ANN) == await settings.of(ANN), "also for the next run of the bot"


async def test_defaults_are_the_options_of_compose() -> None:
    assert defaults(ServerSettings(**ALL)) == {"rhythm": "slip jig", "temperature": 0.8, "form": "AABB:4"}
    assert defaults(ServerSettings()) == {}


async def test_settings_are_loaded_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, loaded = Settings(store), []
    read = store.settings.load

    async def counted(place: Place) -> ServerSettings:
        loaded.append(place)
        return await read(place)

    monkeypatch.setattr(store.settings, "load", counted)
    for _ in range(3):
        await settings.of(ANN)
    await settings.change(ANN, cooldown=3)
    assert (await settings.of(ANN)).cooldown == 3
    assert len(loaded) == 1


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"rhythm": "tango"}, "unknown rhythm 'tango'"),
        ({"form": "ABC:3"}, "unknown form"),
        ({"temperature": 3}, "choose from 0.1"),
        ({"temperature": float("nan")}, "choose from 0.1"),
        ({"cooldown": -1}, "choose 0 to 3600 seconds"),
        ({"cooldown": 3601}, "choose 0 to 3600 seconds"),
        ({"server_cooldown": -1}, "choose 0 to 3600 seconds"),
        ({"waiting": 0}, "choose 1 to 1000 prompts"),
        ({"member_waiting": 1001}, "choose 1 to 1000 prompts"),
        ({"channels": range(26)}, "26 channels are too many"),
        ({"admin_roles": ["@everyone"]}, "is no id"),
        ({"log_channel": "x\ny"}, "is no id"),
        ({"colour": "red"}, "there is no setting 'colour'"),
    ],
)
async def test_a_wrong_setting_is_one_line_and_changes_nothing(
    store: Store, changes: dict[str, Any], line: str
) -> None:
    settings = Settings(store)
    await settings.change(ANN, cooldown=9)
    with pytest.raises((BadRequest, InputError), match=line) as refusal:
        await settings.change(ANN, **{"waiting": 3, **changes})
    assert "\n" not in str(refusal.value)
    assert await settings.of(ANN) == ServerSettings(cooldown=9)
    assert len(await settings.records(ANN)) == 1


async def test_changes_at_once_lose_none(store: Store) -> None:
    settings = Settings(store)
    await asyncio.gather(*(settings.change(ANN, **{name: value}) for name, value in ALL.items()))
    assert await settings.of(ANN) == await Settings(store).of(ANN) == ServerSettings(**ALL)
    assert len(await settings.records(ANN, 50)) == len(ALL)


async def test_admin_actions_stay_in_the_audit(store: Store) -> None:
    settings = Settings(store)
    await settings.change(ANN, cooldown=9, channels=["5", "6"])
    await settings.change(ANN, channels=None)
    await settings.record(Place("discord", "1234", "8", "Ben"), "delete", "tune 3")
    await settings.record(Place("discord", "99", "8", "Ben"), "delete", "tune 4")

    def values(record: Record) -> tuple[str, str, str]:
        return record.member_name, record.action, record.detail

    records = await settings.records(ANN)
    assert list(map(values, records)) == [
        ("Ben", "delete", "tune 3"),
        ("Ann", "settings", "channels = default"),
        ("Ann", "settings", "cooldown = 9, channels = 5 6"),
    ]
    assert all(record.created_at.tzinfo for record in records)
    assert len(await settings.records(ANN, 2)) == 2
