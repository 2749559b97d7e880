"""Objects as Discord sends them, with the fields that discord.py reads."""

from typing import Any

APP, GUILD, CHANNEL = "1000", "2000", "3000"
SECOND = str(1 << 22)  # another server, which is on the second of two shards; the channels are the same there
PERMISSIONS = str(0x7FFFFFFFFFFF)


# places of a user install, where no bot was added: another server, and a group conversation
STRANGE_SERVER = {"guild_id": "2001", "guild": {"id": "2001", "locale": "fr", "features": []}, "channel_id": "3001"}
IN_SECOND = {"guild_id": SECOND, "guild": {"id": SECOND, "locale": "en-US", "features": []}, "channel_id": CHANNEL}
BY_ADMIN = {"permissions": str(1 << 5)}  # of a member who manages the first server
GROUP = {"guild_id": None, "guild": None, "member": None, "channel_id": "3002", "context": 2}


def user_payload(user_id: int, name: str, bot: bool = False) -> dict[str, Any]:
    return {"id": str(user_id), "username": name, "discriminator": "0", "avatar": None, "global_name": name, "bot": bot}


def application_payload() -> dict[str, Any]:
    rest: dict[str, Any] = {
        "description": "",
        "icon": None,
        "rpc_origins": [],
        "bot_public": True,
        "bot_require_code_grant": False,
    }
    owner = user_payload(9, "owner")
    return {
        "id": APP,
        "name": "Tunesmith",
        "owner": owner,
        "verify_key": "",
        "team": None,
        "flags": 0,
        "summary": "",
        **rest,
    }


def channel_payload(guild: str = GUILD) -> dict[str, Any]:
    return {"id": CHANNEL, "type": 0, "name": "tunes", "position": 0, "permission_overwrites": [], "guild_id": guild}


def guild_payload(guild: str = GUILD) -> dict[str, Any]:
    everyone = {"id": guild, "name": "@everyone", "permissions": PERMISSIONS, "position": 0, "color": 0, "hoist": False}
    rest: dict[str, Any] = {
        "members": [],
        "voice_states": [],
        "presences": [],
        "threads": [],
        "stage_instances": [],
        "emojis": [],
    }
    return {
        "id": guild,
        "name": "Session",
        "owner_id": "9",
        "member_count": 50,
        "large": False,
        "unavailable": False,
        "roles": [{**everyone, "managed": False, "mentionable": False}],
        "channels": [channel_payload(guild)],
        **rest,
        "features": [],
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "premium_tier": 0,
        "system_channel_flags": 0,
        "preferred_locale": "en-US",
        "stickers": [],
        "nsfw_level": 0,
        "afk_timeout": 0,
        "premium_progress_bar_enabled": False,
        "guild_scheduled_events": [],
    }


def partial_guild_payload(guild: str) -> dict[str, Any]:
    """As in the list of the servers that a bot is on."""
    return {"id": guild, "name": "Session", "icon": None, "owner": False, "permissions": PERMISSIONS, "features": []}


def attachments_payload(files: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {"id": str(n), "filename": name, "size": size, "url": f"https://cdn/{name}", "proxy_url": f"https://cdn/{name}"}
        for n, (name, size) in enumerate(files.items(), 1)
    ]


def message_payload(message_id: str, body: dict[str, Any], files: dict[str, int]) -> dict[str, Any]:
    return {
        "id": message_id,
        "channel_id": CHANNEL,
        "author": user_payload(int(APP), "tunesmith", bot=True),
        "type": 0,
        "content": body.get("content") or "",
        "embeds": body.get("embeds") or [],
        "pinned": False,
        "tts": False,
        "components": body.get("components") or [],
        "attachments": attachments_payload(files),
        "mention_roles": [],
        "timestamp": "2026-01-01T00:00:00+00:00",
        "edited_timestamp": None,
        "mention_everyone": False,
        "mentions": [],
        "flags": body.get("flags") or 0,
        "nonce": body.get("nonce"),
    }


def interaction_payload(
    interaction_id: str, kind: int, token: str, user: int, data: dict[str, Any], where: dict[str, Any]
) -> dict[str, Any]:
    """A member's interaction in the one channel of the first server, or, through a user install, elsewhere."""
    member: dict[str, Any] = {
        "user": user_payload(user, f"member{user}"),
        "roles": [],
        "joined_at": "2026-01-01T00:00:00+00:00",
    }
    member |= {"deaf": False, "mute": False, "flags": 0, "permissions": "0"}
    interaction = {"id": interaction_id, "application_id": APP, "type": kind, "token": token, "version": 1}
    interaction |= {"guild_id": GUILD, "channel_id": CHANNEL, "channel": channel_payload(), "member": member}
    interaction |= {"guild": {"id": GUILD, "locale": "en-US", "features": []}, "app_permissions": PERMISSIONS}
    interaction |= {"locale": "en-US", "guild_locale": "en-US", "authorizing_integration_owners": {"0": GUILD}}
    interaction |= {"data": data, "entitlements": [], "context": 0, "attachment_size_limit": 10_485_760}
    if "permissions" in where:
        member["permissions"] = where["permissions"]
    if "channel_id" not in where:
        return interaction
    interaction |= {**where, "channel": {**channel_payload(), "id": where["channel_id"]}, "user": member["user"]}
    interaction["authorizing_integration_owners"] = {"1": str(user)}
    return {name: value for name, value in interaction.items() if value is not None}
