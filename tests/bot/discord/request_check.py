"""Checks requests against Discord's OpenAPI document and the rules that it lacks (request_rules.py).

discord.py sends a few things that the document does not know and Discord accepts: `_tolerated` removes them.
"""

import json
import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from bot.benchmarks.discord.loopback import Request
from tests.bot.discord import request_rules

DOCUMENT = Path(__file__).parents[4] / "shared" / "discord-openapi.json"
ABSENT = f"{DOCUMENT} is missing"


def faults_of(requests: Iterable[Request]) -> list[str]:
    """What Discord would not accept, one line for each fault. Without the document only the other rules apply."""
    return list(dict.fromkeys(f"{request}: {fault}" for request in requests for fault in _faults(request)))


def _faults(request: Request) -> Iterator[str]:
    yield from request_rules.faults(request.method, request.path, request.body, request.files)
    if DOCUMENT.exists():
        yield from _document().faults(request)


@cache
def _document() -> "_Document":
    return _Document(json.loads(DOCUMENT.read_text()))


class _Document:
    """Discord's OpenAPI document; an object may have no property that it does not list."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = _closed(document)
        self._paths = [(_pattern(template), methods) for template, methods in document["paths"].items()]
        self._known: dict[str, list[str]] = {}  # faults by the shape of a request

    def faults(self, request: Request) -> Iterator[str]:
        operation = self._operation(request)
        if operation is None:
            yield "there is no such operation"
            return
        yield from self._query(operation, request)
        shape = _shape([operation["operationId"], _tolerated(request)])
        if shape not in self._known:
            self._known[shape] = [*self._body(operation, _tolerated(request))]
        yield from self._known[shape]

    def _body(self, operation: dict[str, Any], body: Any) -> Iterator[str]:
        schema = (operation.get("requestBody") or {}).get("content", {}).get("application/json", {}).get("schema")
        if schema is None:
            if body is not None:
                yield "a body where none belongs"
            return
        # the document is the root that `#/components/…` begins at
        validator = Draft202012Validator({**schema, "components": self._document["components"]})
        for error in validator.iter_errors(body):
            cause = _cause(error)
            yield f"{cause.json_path}: {cause.message[:300]}"

    def _operation(self, request: Request) -> dict[str, Any] | None:
        """Of the path templates that match, the one with the fewest parameters: `@original` is no id."""
        fitting = [
            (len(match.groupdict()), methods[request.method.lower()])
            for pattern, methods in self._paths
            if (match := pattern.fullmatch(request.path)) and request.method.lower() in methods
        ]
        return min(fitting, key=lambda found: found[0])[1] if fitting else None

    def _query(self, operation: dict[str, Any], request: Request) -> Iterator[str]:
        known = {each["name"]: each["schema"] for each in operation.get("parameters", ()) if each["in"] == "query"}
        for name, value in request.query.items():
            if name not in known:
                yield f"there is no parameter {name}"
            elif known[name].get("type") == "boolean" and str(value).lower() not in ("1", "0", "true", "false"):
                yield f"{name}={value} is neither true nor false"


def _shape(body: Any) -> str:
    """The body with all digits in texts as 0: no schema tells them apart, and a validation takes 10 ms."""
    return re.sub(r'"(?:[^"\\]|\\.)*"', lambda text: re.sub(r"\d", "0", text[0]), json.dumps(body, sort_keys=True))


def _cause(error: ValidationError) -> ValidationError:
    """The deepest error; where no branch of a union fits, that of the branch whose `type` is right."""
    while error.context:
        branches: dict[Any, list[ValidationError]] = {}
        for inner in error.context:
            branches.setdefault(inner.schema_path[0], []).append(inner)
        error = min(branches.values(), key=_mismatch)[0]
    return error


def _mismatch(errors: list[ValidationError]) -> tuple[bool, int]:
    kinds = [error.path[-1] == "type" if error.path else error.validator == "type" for error in errors]
    return any(kinds), len(errors)


def _closed(node: Any) -> Any:
    """The same schemas, with objects closed to properties that are not listed."""
    if isinstance(node, list):
        return [_closed(each) for each in node]
    if not isinstance(node, dict):
        return node
    closed = {name: _closed(value) for name, value in node.items()}
    if isinstance(closed.get("properties"), dict) and closed.get("type") == "object":
        closed.setdefault("additionalProperties", False)
    return closed


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", re.sub(r"([.@])", r"\\\1", template)))


def _tolerated(request: Request) -> Any:
    """The body without what discord.py is known to send otherwise than the document says."""
    body = deepcopy(request.body)
    if request.path.endswith("/commands"):
        for command in body:
            command.pop("nsfw", None)
            _without_media_channels(command)
        return body
    message = body.get("data", body) if isinstance(body, dict) else None
    if isinstance(message, dict):
        if request.method == "PATCH" or (body is not message and body["type"] == 7):
            message.pop("tts", None)
        for attachment in message.get("attachments") or []:
            attachment["id"] = str(attachment["id"])
        for embed in message.get("embeds") or []:
            embed.pop("flags", None)
        mentions = message.get("allowed_mentions") or {}
        mentions |= {kind: [str(each) for each in mentions[kind]] for kind in ("users", "roles") if kind in mentions}
    return body


def _without_media_channels(item: dict[str, Any]) -> None:
    """Remove media channels (type 16), which discord.py counts among forums, from the types of a channel option."""
    if "channel_types" in item:
        item["channel_types"] = [kind for kind in item["channel_types"] if kind != 16]
    for option in item.get("options") or []:
        _without_media_channels(option)
