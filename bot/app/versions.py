"""Registers the checkpoints that the bot knows at its start: the shipped one, the configured one, learned ones."""

import asyncio
import logging
from pathlib import Path

from bot.core.config import Config
from bot.core.files import sha256_of
from bot.retraining.candidate_files import CandidateFiles
from bot.store import Store
from bot.store.versions import SHIPPED_NUMBER

SHIPPED = Path(__file__).parents[2] / "model" / "checkpoints" / "trad.safetensors"

log = logging.getLogger(__name__)


async def register_versions(store: Store, config: Config) -> int:
    """Register all checkpoints, also those whose folder was moved; the number of the configured one."""
    await CandidateFiles(config.candidates).find_moved(store)
    return await register(store, config.worker.checkpoint, keep=config.shared)


async def register(store: Store, checkpoint: Path | None, keep: bool = False, shipped: Path = SHIPPED) -> int:
    """Register the shipped checkpoint as version 1 and a configured one by its hash; the number of the latter, or 1.

    The version that was chosen last stays in use, unless the configured checkpoint has changed since the last start.
    With `keep` the file of a configured checkpoint is also stored in the database, for other machines.
    """
    if digest := await asyncio.to_thread(sha256_of, shipped):
        await store.versions.add(str(shipped), digest, "trad", number=SHIPPED_NUMBER, note="shipped with Tunesmith")
    number, new = await _register(store, checkpoint, keep) if checkpoint else (SHIPPED_NUMBER, False)
    known = {version.number: version for version in await store.versions.load_all()}
    current = await store.versions.current()
    # the version in use was configured, not learned, and is configured no more
    replaced = current not in (None, SHIPPED_NUMBER, number) and known[current].retraining_id is None
    if number in known and (current is None or new or replaced):
        await store.versions.choose(number)
    elif checkpoint and current != number:
        log.warning("version %s is in use, as was chosen; %s is version %d", current, checkpoint, number)
    return number


async def _register(store: Store, checkpoint: Path, keep: bool) -> tuple[int, bool]:
    """The number of the user's own checkpoint, and whether it is new."""
    digest, path = await asyncio.to_thread(lambda: (sha256_of(checkpoint), checkpoint.resolve()))
    known = next((version for version in await store.versions.load_all() if version.sha256 == digest), None)
    if known and digest and not await asyncio.to_thread(Path(known.path).is_file):  # it was moved
        await store.versions.add(str(path), digest, known.name, number=known.number, note=known.note)
    found = known or await store.versions.add(str(path), digest, checkpoint.stem, note="from config.toml")
    if keep:
        await store.checkpoints.save(digest, await asyncio.to_thread(path.read_bytes))
    return found.number, known is None
