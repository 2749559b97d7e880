"""Rules of Discord that its OpenAPI document lacks, as faults of one request of a bot."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

NAME = re.compile(r"[-_'\w]{1,32}")  # Discord's rule; \w stands for its letters and digits
COMPONENTS_V2 = 1 << 15
_ROWS, _BUTTONS, _CHOICES, _EMBEDS, _CONTENT, _COMMAND = 5, 5, 25, 6_000, 2_000, 8_000
_CREATES, _EDITS = (4,), (7,)  # kinds of an interaction's callback that carry a message
_SUGGESTS = 8


def faults(method: str, path: str, body: Any, files: dict[str, str]) -> Iterator[str]:
    """The faults of a request, one line each. `files` are the names of the uploaded files by form field: `files[0]`."""
    if path.endswith("/commands"):
        for command in body:
            yield from _command(command)
    elif path.endswith("/callback"):
        data = body.get("data") or {}
        if body["type"] in (*_CREATES, *_EDITS):
            yield from _message(data, files, new=body["type"] in _CREATES)
        if body["type"] == _SUGGESTS:
            yield from _choices(data)
    elif isinstance(body, dict) and method in ("POST", "PATCH"):
        yield from _message(body, files, new=method == "POST")


def _command(item: dict[str, Any], depth: int = 0) -> Iterator[str]:
    if not depth and item.get("type", 1) != 1:
        yield from _menu_entry(item)
        return
    yield from _named(item)
    options = item.get("options") or []
    if len(options) > 25:
        yield f"{item['name']} has {len(options)} options"
    required = [bool(option.get("required")) for option in options]
    if required != sorted(required, reverse=True):
        yield f"{item['name']} has a required option behind one that is not"
    if double := _twice([option["name"] for option in options]):
        yield f"{item['name']} has two options called {double}"
    if item.get("autocomplete") and item.get("choices"):
        yield f"{item['name']} has autocompletion and choices"
    yield from _choices(item)
    for option in options:
        yield from _command(option, depth + 1)
    if not depth and (size := _size(item)) > _COMMAND:
        yield f"/{item['name']} takes {size} characters"


def _named(item: dict[str, Any]) -> Iterator[str]:
    for name in (item["name"], *(item.get("name_localizations") or {}).values()):
        if not NAME.fullmatch(name) or name != name.lower():
            yield f"{name!r} is no name of a command or an option"
    for text in (item.get("description", ""), *(item.get("description_localizations") or {}).values()):
        if not 1 <= len(text) <= 100:
            yield f"{item['name']} has a description of {len(text)} characters"


def _menu_entry(item: dict[str, Any]) -> Iterator[str]:
    """An entry of a user's or a message's menu: its name may have spaces and capitals, and nothing explains it."""
    for name in (item["name"], *(item.get("name_localizations") or {}).values()):
        if not 1 <= len(name) <= 32:
            yield f"{name!r} has {len(name)} characters"
    if item.get("description") or item.get("options"):
        yield f"{item['name']} is in a menu, and has a description or options"


def _choices(item: dict[str, Any]) -> Iterator[str]:
    choices = item.get("choices") or []
    if len(choices) > _CHOICES:
        yield f"{len(choices)} choices"
    for choice in choices:
        for name in (choice["name"], *(choice.get("name_localizations") or {}).values()):
            if not 1 <= len(name) <= 100:
                yield f"a choice has a name of {len(name)} characters"


def _size(item: dict[str, Any]) -> int:
    """The characters that count for a command; of its translations the longest counts."""
    own = sum(
        max(map(len, (item.get(field) or "", *(item.get(f"{field}_localizations") or {}).values())))
        for field in ("name", "description")
    )
    values = sum(len(str(choice["value"])) + len(choice["name"]) for choice in item.get("choices") or [])
    return own + values + sum(_size(option) for option in item.get("options") or [])


def _message(body: dict[str, Any], files: dict[str, str], new: bool) -> Iterator[str]:
    content, embeds = body.get("content") or "", body.get("embeds") or []
    if new and not (content or embeds or files or body.get("components")):
        yield "an empty message"
    if len(content) > _CONTENT:
        yield f"{len(content)} characters of content"
    if (size := sum(map(_embed_size, embeds))) > _EMBEDS:
        yield f"embeds of {size} characters"
    if (body.get("flags") or 0) & COMPONENTS_V2 and (content or embeds):
        yield "content or embeds beside Components V2"
    yield from _components(body)
    if new or files or body.get("attachments") is not None:  # an edit that names none keeps what is there
        yield from _attached(body, files)


def _embed_size(embed: dict[str, Any]) -> int:
    fields = [text for field in embed.get("fields") or [] for text in (field["name"], field["value"])]
    texts = [embed.get("title"), embed.get("description"), (embed.get("footer") or {}).get("text")]
    return sum(len(text or "") for text in [*texts, (embed.get("author") or {}).get("name"), *fields])


def _components(body: dict[str, Any]) -> Iterator[str]:
    rows = body.get("components") or []
    v2 = (body.get("flags") or 0) & COMPONENTS_V2
    if len(rows) > _ROWS and not v2:
        yield f"{len(rows)} rows"
    items = [item for row in rows for item in row.get("components", ())]
    if double := _twice([item["custom_id"] for item in items if "custom_id" in item]):
        yield f"two components are called {double}"
    for row in rows:
        kinds = [item["type"] for item in row.get("components", ())]
        if len(kinds) > (_BUTTONS if set(kinds) == {2} else 1):
            yield f"a row of {len(kinds)}"
    for item in items:
        if double := _twice([option["value"] for option in item.get("options") or []]):
            yield f"{item['custom_id']} has the option {double} twice"


def _attached(body: dict[str, Any], files: dict[str, str]) -> Iterator[str]:
    given = {f"files[{each['id']}]": each.get("filename") for each in body.get("attachments") or []}
    if given.keys() != files.keys():
        yield f"attachments {sorted(given)} for the parts {sorted(files)}"
    for part, name in given.items():
        if name != files.get(part):
            yield f"attachment {part} is called {name}, its part {files.get(part)}"
    if double := _twice(list(files.values())):
        yield f"two files are called {double}"
    for embed in body.get("embeds") or []:
        url = (embed.get("image") or {}).get("url", "")
        if url.startswith("attachment://") and url.removeprefix("attachment://") not in files.values():
            yield f"{url} is not attached"


def _twice(names: list[str]) -> str | None:
    return next((name for name, count in Counter(names).items() if count > 1), None)
