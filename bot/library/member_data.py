"""What the bot has of a member: shown, handed over, or forgotten."""

import asyncio
import io
import json
import zipfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bot.core.errors import NotFound
from bot.core.values import KnownMember, Place
from bot.core.wording import counted
from bot.store import Store
from bot.store.compaction import LARGEST
from bot.store.erasure import Erased

_WORDS = {"audit": "audit record", "blocked": "blocked tune"}


@dataclass(frozen=True)
class Forgotten:
    """What became of a member: what was erased, and the versions that learned from votes which are erased now."""

    erased: Erased
    versions: Sequence[int]

    def lines(self) -> list[str]:
        """The answer to whoever asked."""
        gone = self.erased
        erased = ", ".join((counted(gone.votes, "vote"), counted(gone.prompts, "prompt"), counted(gone.tunes, "tune")))
        lines = [f"Forgotten: id and name, {erased}."]
        if gone.kept_tunes:
            lines.append(f"{counted(gone.kept_tunes, 'tune')} stayed, and nobody's name is under them.")
        if self.versions:
            numbers = " and ".join(str(number) for number in self.versions)
            kind = "Version" if len(self.versions) == 1 else "Versions"
            lines.append(
                f"{kind} {numbers} learned from votes of many members, these among them; what a version has learned"
                " cannot be taken out of it, but the next one learns without them."
            )
        return lines


class MemberData:
    """The data of members. `cancel` ends a prompt that is under way in this process.

    A database of more than `largest` bytes is not written anew for each member that is forgotten.
    """

    def __init__(
        self,
        store: Store,
        cancel: Callable[[int, Place], Awaitable[object]] | None = None,
        largest: int | None = LARGEST,
    ) -> None:
        self._store, self._cancel, self._largest = store, cancel, largest

    async def member(self, place: Place) -> KnownMember:
        """The member of a place. NotFound where nothing is known of it."""
        found = await self._store.member_data.find(place.member, place.platform)
        if not found:
            raise NotFound("nothing is stored about you")
        return found[0]

    async def find(self, external_id: str, platform: str | None = None) -> KnownMember:
        """A member by its id on its platform. NotFound where there is none, or several platforms have that id."""
        found = await self._store.member_data.find(external_id, platform)
        if len(found) > 1:
            raise NotFound(f"{external_id} is an id on {', '.join(each.platform for each in found)}: say which")
        if not found:
            named = await self._store.member_data.named(external_id)
            hint = "".join(f"; {each.external_id} on {each.platform} has that name" for each in named)
            raise NotFound(f"nothing is stored about a member {external_id[:64]}{hint}")
        return found[0]

    async def show(self, member: KnownMember) -> list[str]:
        """What is stored about a member, in lines."""
        counts = await self._store.member_data.counts(member.id)
        rows = ", ".join(counted(count, _WORDS.get(name, name.removesuffix("s"))) for name, count in counts.items())
        name = f", named {member.name}" if member.name else ""
        return [f"{member.platform} {member.external_id}{name}", rows]

    async def export(self, member: KnownMember) -> bytes:
        """A ZIP of JSON, a file for each kind of row, and of ABC, a file for each tune."""
        return await asyncio.to_thread(_packed, await self._store.member_data.everything(member.id))

    async def forget(self, member: KnownMember, keep_tunes: bool) -> Forgotten:
        """Erase a member, and all its tunes or only the maker of those."""
        await self._stop(member)
        versions = await self._store.member_data.learned_from(member.id)
        erased = await self._store.erasure.forget(member.id, keep_tunes)
        await self._store.erasure.compact(self._largest)
        return Forgotten(erased, versions)

    async def _stop(self, member: KnownMember) -> None:
        if self._cancel is None:
            return
        place = Place(member.platform, "", member.external_id)
        for prompt in await self._store.prompts.unfinished([member.platform]):
            if prompt.member_id == member.id:
                await self._cancel(prompt.id, place)


def _packed(tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in tables.items():
            archive.writestr(f"{name}.json", json.dumps(rows, indent=2, ensure_ascii=False, default=_plain))
        for row in tables["tunes"]:
            archive.writestr(f"tunes/{row['id']}.abc", row["abc"])
    return packed.getvalue()


def _plain(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON")
