"""A soundfont is downloaded from a real server, on loopback, and kept only where it is the pinned one."""

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bot.core.errors import RenderError
from bot.render.sound.fetch import FLUID, LICENCE, Pinned, fetch

FONT, TEXT = b"RIFF" + bytes(200_000), b"MIT"


def pinned(name: str, data: bytes) -> Pinned:
    return Pinned(name, f"here-{name}", len(data), hashlib.sha256(data).hexdigest())


FILES = (pinned("licence.md", TEXT), pinned("font.sf3", FONT))


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[str]:
    served = tmp_path / "mirror"
    served.mkdir()
    (served / "font.sf3").write_bytes(FONT)
    (served / "licence.md").write_bytes(TEXT)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=served)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_a_soundfont_comes_with_its_licence_and_is_not_downloaded_twice(tmp_path: Path, mirror: str) -> None:
    paths = fetch(tmp_path / "fonts", mirror, FILES)
    assert [path.read_bytes() for path in paths] == [TEXT, FONT]
    (tmp_path / "mirror" / "font.sf3").unlink()
    assert fetch(tmp_path / "fonts", mirror, FILES) == paths


@pytest.mark.parametrize("data", [FONT[:-1], FONT + b"x", b"", b"<html>not found</html>"])
def test_another_file_than_the_pinned_one_is_refused_and_leaves_nothing(
    tmp_path: Path, mirror: str, data: bytes
) -> None:
    (tmp_path / "mirror" / "font.sf3").write_bytes(data)
    with pytest.raises(RenderError, match="not the file it was"):
        fetch(tmp_path / "fonts", mirror, FILES)
    assert [path.name for path in (tmp_path / "fonts").iterdir()] == ["here-licence.md"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "nonsense", "http://[/"])
def test_a_mirror_that_cannot_be_reached_is_named_in_one_line(tmp_path: Path, url: str) -> None:
    with pytest.raises(RenderError, match="cannot download") as refusal:
        fetch(tmp_path, url, FILES)
    assert "\n" not in str(refusal.value)


def test_what_is_pinned_is_a_free_soundfont() -> None:
    assert FLUID.name.endswith(".sf3")
    assert len(FLUID.sha256) == len(LICENCE.sha256) == 64
